import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HistoryRecord } from '../../src/contract.ts';
import { writeHistory } from '../../src/history/write-history.ts';
import { judgeFolder } from '../../src/run/judge.ts';
import { operation } from '../checker/operation.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chaos-judge-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function keep(name: string, startedAt: string, records: readonly HistoryRecord[]): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  const history = writeHistory(join(folder, name, `${name}.ndjson`));
  for (const record of [{ t: 'run', seed: 3, startedAt, at: 0, replicas: [] } as const, ...records])
    history.append(record);
  await history.close();
}

test('all histories below a folder are judged again, as they were begun', async () => {
  const created = operation(1, { op: 'create', start: 0, end: 10, version: '10', value: 'a' });
  const changed = operation(2, { op: 'patch', start: 20, end: 30, version: '20', value: 'b' });
  await keep('second', '2026-01-02T00:00:00.000Z', [
    created,
    changed,
    { t: 'fault', name: 'gateway-killed', phase: 'injected', at: 25 },
    operation(3, { op: 'read', start: 3_000, end: 3_001, version: '10', value: 'a' }),
  ]);
  await keep('first', '2026-01-01T00:00:00.000Z', [created, changed]);
  const told: string[] = [];
  const summaries = await judgeFolder(folder, ({ historyFile }) => told.push(historyFile));
  expect(summaries.map(({ faults, seed }) => ({ faults, seed }))).toEqual([
    { faults: [], seed: 3 },
    { faults: ['gateway-killed'], seed: 3 },
  ]);
  expect(told).toEqual(summaries.map(({ historyFile }) => historyFile));
  const broken = summaries.map(({ verdict }) =>
    verdict.invariants.filter(({ violationCount }) => violationCount > 0).map(({ id }) => id),
  );
  expect(broken).toEqual([[], ['bounded-staleness']]);
});
