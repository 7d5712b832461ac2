import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HistoryRecord } from '../../src/contract.ts';
import { readHistory } from '../../src/history/read-history.ts';
import { writeHistory } from '../../src/history/write-history.ts';
import { operation } from '../checker/operation.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chaos-history-'));
  file = join(folder, 'history.ndjson');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(records: readonly HistoryRecord[]): Promise<void> {
  const history = writeHistory(file);
  for (const record of records) history.append(record);
  await history.close();
}

async function readBack(): Promise<HistoryRecord[]> {
  const records: HistoryRecord[] = [];
  for await (const record of readHistory(file)) records.push(record);
  return records;
}

test('what was appended is read back, in its order, with times in microseconds', async () => {
  const records = Array.from({ length: 5_000 }, (_, id) =>
    operation(id, { op: 'read', start: id + 0.123_456, end: id + 0.5, version: '9007199254740993' }),
  );
  await written(records);
  const read = await readBack();
  expect(read).toHaveLength(5_000);
  expect(read[7]).toEqual({ ...records[7], start: 7.123 });
});

test('a last line that was cut off by a crash is left out', async () => {
  await written([operation(1, { op: 'read', start: 0, end: 1 })]);
  await appendFile(file, '{"t":"op","id":2,"cl');
  expect(await readBack()).toHaveLength(1);
});

test('any other line that is no record is an error: nothing may be left out unseen', async () => {
  await writeFile(file, '{"t":"op"\n{"t":"fault"}\n');
  await expect(readBack()).rejects.toThrow(SyntaxError);
});

test('a history is never written over', async () => {
  await written([]);
  await expect(written([])).rejects.toThrow(/EEXIST/);
});
