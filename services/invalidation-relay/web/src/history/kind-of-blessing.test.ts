import { expect, test } from 'vitest';
import type { Blessing } from '../api/contract.ts';
import { kindOf } from './kind-of-blessing.ts';

const before = { number: 1, history: 'a', origin: 'p' } as Blessing;

test.each([
  ['another Redis primary', { history: 'b' }, 'another Redis primary: a failover or a restart'],
  ['another Postgres', { history: 'b', origin: 'q' }, 'Postgres failed over or was restored'],
  ['the same Redis', {}, 'the same Redis again: it lost its data, or its blessing was not finished'],
])('a blessing tells what happened: %s', (_what, changed, text) => {
  expect(kindOf({ ...before, number: 2, ...changed }, before)).toBe(text);
});

test('the first one tells nothing', () => {
  expect(kindOf(before, undefined)).toBe('first blessing that is known');
});
