import { expect, test } from 'vitest';
import { AppliedMemory } from './applied-memory.ts';

test('knows when each entry of a renewal was applied, and none before or after', () => {
  const memory = new AppliedMemory();
  memory.applied('3-10', 4, 1_000);
  memory.applied('3-11', 1, 2_000);
  expect(['3-6', '3-7', '3-10', '3-11', '3-12'].map((id) => memory.when(id))).toEqual([
    null,
    1_000,
    1_000,
    2_000,
    null,
  ]);
  expect(memory.when('2-7'), 'of another blessing').toBeNull();
  expect(memory.when('nonsense')).toBeNull();
});

test('what was read while nothing was new is not remembered', () => {
  const memory = new AppliedMemory();
  memory.applied('3-10', 0, 1_000);
  expect(memory.when('3-10')).toBeNull();
});

test('after a flush, everything up to its place is gone from memory since then', () => {
  const memory = new AppliedMemory();
  memory.applied('3-10', 2, 1_000);
  memory.flushed('4-5', 3_000);
  memory.applied('4-6', 1, 4_000);
  expect(['3-10', '4-1', '4-5', '4-6'].map((id) => memory.when(id))).toEqual([null, 3_000, 3_000, 4_000]);
});

test('remembers about a thousand entries, and forgets the oldest', () => {
  const memory = new AppliedMemory();
  for (let n = 1; n <= 1_500; n++) memory.applied(`1-${n}`, 1, n);
  expect([500, 501, 1_500].map((n) => memory.when(`1-${n}`))).toEqual([null, 501, 1_500]);
});
