import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { check } from '../../src/checker/check.ts';
import type { HistoryRecord, RunSummary } from '../../src/contract.ts';
import { writeHistory } from '../../src/history/write-history.ts';
import { writeReport } from '../../src/report/write-report.ts';
import { operation } from '../checker/operation.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chaos-report-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function recorded(name: string, faults: readonly string[]): Promise<RunSummary> {
  const historyFile = join(folder, `${name}.ndjson`);
  const history = writeHistory(historyFile);
  const records: HistoryRecord[] = [
    operation(1, { op: 'create', start: 0, end: 10, version: '10', value: 'a' }),
    operation(2, { op: 'patch', start: 400, end: 450, version: '20', value: 'b' }),
    operation(3, { op: 'read', start: 1_000, end: 1_001, version: '10', layer: 'l1' }),
    operation(4, { op: 'read', start: 2_000, end: 2_001, version: '20', layer: 'l2' }),
    operation(5, { op: 'patch', start: 2_100, end: 2_110, outcome: 'unknown', status: 0, value: 'c' }),
    ...faults.flatMap((fault): HistoryRecord[] => [
      { t: 'fault', name: fault, phase: 'injected', at: 500 },
      { t: 'fault', name: fault, phase: 'healed', at: 1_500 },
    ]),
  ];
  for (const record of records) history.append(record);
  await history.close();
  return { faults, seed: 7, seconds: 1, historyFile, verdict: await check(historyFile) };
}

test('the report says what was checked under which fault, and draws it', async () => {
  const runs = [
    await recorded('peace', []),
    await recorded('one', ['redis-flushed']),
    await recorded('two', ['redis-flushed', 'gateway-killed']),
  ];
  await writeReport(runs, folder);
  const text = await readFile(join(folder, 'chaos-report.md'), 'utf8');
  expect(text).toMatch(/operations checked \| \*\*6\*\*/);
  expect(text).toMatch(/operations sent \| 15/);
  expect(text).toMatch(/violations \| \*\*0\*\*/);
  expect(text).toMatch(/\| `redis-flushed` \|[^|]+\| 2 \| 1 \| 550 ms \|/);
  expect(text).toContain('`redis-flushed + gateway-killed`');
  expect(text).toContain('(images/chaos/redis-flushed.svg)');
  expect(text).toContain('## What we found');
  const chart = await readFile(join(folder, 'images/chaos/redis-flushed.svg'), 'utf8');
  expect(chart).toMatch(/^<svg [^]*<\/svg>$/);
  expect(chart).toContain('Most stale answer');
});

test('planted bugs get their own part, and leave what is known of the faults', async () => {
  await writeReport([await recorded('one', ['redis-flushed'])], folder);
  const planted = await recorded('planted', ['redis-flushed']);
  const hunt = [null, 12].map((foundAfterSeconds) => ({
    ...planted,
    mutant: { name: 'no-fence', foundAfterSeconds },
  }));
  await writeReport(hunt, folder);
  const text = await readFile(join(folder, 'chaos-report.md'), 'utf8');
  expect(text).toMatch(/\| `no-fence` \| `redis-flushed` \| 12 s \|/);
  expect(text.match(/`no-fence`/g)).toHaveLength(1);
  expect(text).toMatch(/\| `redis-flushed` \|[^|]+\| 2 \|/);
  expect(text).toContain('(images/chaos/redis-flushed.svg)');
});

test('fewer runs replace those of the same faults only, and what they lack is said', async () => {
  await writeReport([await recorded('peace', []), await recorded('one', ['redis-flushed'])], folder);
  await writeReport([await recorded('again', ['redis-flushed'])], folder, {
    inconclusive: [{ name: 'gateway-killed', why: 'it did not die' }],
    impossible: [{ name: 'clock-jumps', why: 'needs faketime' }],
  });
  const text = await readFile(join(folder, 'chaos-report.md'), 'utf8');
  expect(text).toMatch(/\| `peace` \|/);
  expect(text).toMatch(/runs, seeds \| 2;/);
  expect(text).toContain('- `gateway-killed`: it did not die');
  expect(text).toContain('- `clock-jumps`: needs faketime');
  expect(text).toContain('(images/chaos/peace.svg)');
});
