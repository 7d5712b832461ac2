import { expect, test } from 'vitest';
import { Noticed } from './noticed.ts';
import type { Statement } from './statement.ts';

const statement: Statement = { level: 'attention', who: 'user', what: 'waits', todo: 'Wait.' };

test('a statement keeps its time while it is made, and begins anew afterwards', () => {
  const noticed = new Noticed();
  const at = (now: number, statements: Statement[]) =>
    noticed.date(statements, now).map((each) => each.noticed);
  expect(at(1_000, [statement])).toEqual(['1970-01-01T00:00:01.000Z']);
  expect(at(5_000, [statement])).toEqual(['1970-01-01T00:00:01.000Z']);
  expect(at(6_000, [])).toEqual([]);
  expect(at(7_000, [statement])).toEqual(['1970-01-01T00:00:07.000Z']);
});

test('what is dated already stays as it is', () => {
  const dated = { ...statement, since: '2026-03-01T00:00:00.000Z' };
  expect(new Noticed().date([dated], 0)).toEqual([dated]);
});
