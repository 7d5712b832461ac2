import { describe, expect, test } from 'vitest';
import { type Record, type State, Timeline } from '../history.ts';
import type { Table } from '../postgres/postgres-server.ts';
import { checkBounded, checkLinearizable } from './check-reads.ts';

function timeline(table: Table, ...states: State[]): Timeline {
  const line = new Timeline();
  for (const state of states) line.add(table, 'k', state);
  return line;
}

function record(part: Partial<Record>): Record {
  return {
    index: 0,
    kind: 'read',
    table: 'item',
    key: 'k',
    replica: 'r',
    startedAt: 0,
    endedAt: 0,
    outcome: 'ok',
    value: null,
    version: '0',
    ...part,
  };
}

function rules(found: { rule: string }[]): string[] {
  return found.map(({ rule }) => rule);
}

const first = { value: 1, version: '1', committedAt: 100 };
const second = { value: 2, version: '2', committedAt: 1_000 };

describe('bounded reads', () => {
  const line = timeline('item', first, second);
  const read = (part: Partial<Record>): string[] =>
    rules(checkBounded([record({ value: 1, version: '1', ...part })], line));

  test('may be as old as the bound', () => {
    expect(read({ startedAt: 3_000, endedAt: 3_001 })).toEqual([]);
  });
  test('may not be older', () => {
    expect(read({ startedAt: 3_001, endedAt: 3_002 })).toEqual(['bounded staleness']);
  });
  test('may see a change that is committed while they run', () => {
    expect(read({ value: 2, version: '2', startedAt: 990, endedAt: 1_000 })).toEqual([]);
  });
  test('may not see one that comes later', () => {
    expect(read({ value: 2, version: '2', startedAt: 900, endedAt: 999 })).toEqual(['phantom']);
  });
  test('may not see what never was', () => {
    expect(read({ value: 7, version: '2', startedAt: 1_100, endedAt: 1_101 })).toEqual(['phantom']);
  });
  test('may not be older than what the client had seen', () => {
    expect(read({ startedAt: 1_100, endedAt: 1_101, minVersion: '2' })).toEqual(['session order']);
    expect(read({ value: 2, version: '2', startedAt: 1_100, endedAt: 1_101, minVersion: '2' })).toEqual([]);
  });
  test("may not say 'not found' long after the row came", () => {
    expect(read({ value: null, version: '0', startedAt: 2_101, endedAt: 2_102 })).toEqual([
      'bounded staleness',
    ]);
  });
});

describe('strong reads', () => {
  const line = timeline('stock', first, second);
  const write = record({
    table: 'stock',
    kind: 'write',
    value: 2,
    version: '2',
    startedAt: 900,
    endedAt: 1_010,
  });
  const read = (part: Partial<Record>): Record => record({ table: 'stock', value: 1, version: '1', ...part });
  const judge = (...records: Record[]): string[] => rules(checkLinearizable([write, ...records], line));

  test('may miss a write that has not ended', () => {
    expect(judge(read({ startedAt: 1_005, endedAt: 1_020 }))).toEqual([]);
  });
  test('may not miss one that has', () => {
    expect(judge(read({ startedAt: 1_011, endedAt: 1_020 }))).toEqual(['linearizable']);
  });
  test('may not go back behind another read', () => {
    const newer = read({ value: 2, version: '2', startedAt: 1_001, endedAt: 1_002 });
    expect(judge(newer, read({ startedAt: 1_003, endedAt: 1_004 }))).toEqual(['linearizable']);
    expect(judge(newer, read({ startedAt: 1_001, endedAt: 1_004 }))).toEqual([]);
  });
  test('may not see the future', () => {
    expect(judge(read({ value: 2, version: '2', startedAt: 10, endedAt: 999 }))).toEqual(['phantom']);
  });
});
