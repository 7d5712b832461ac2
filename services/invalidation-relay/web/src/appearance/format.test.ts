import { expect, test } from 'vitest';
import { ageOf, bytesOf, durationOf, ninesOf, percentOf, shortCountOf } from './format.ts';

test.each([
  [-5, '0 ms'],
  [999.4, '999 ms'],
  [1_000, '1.0 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_499, '59 s'],
  [59_500, '1 min'],
  [250_000, '4 min 10 s'],
  [3_599_600, '1 h'],
  [11_520_000, '3 h 12 min'],
  [187_200_000, '2 d 4 h'],
])('%d ms is %s', (ms, text) => {
  expect(durationOf(ms)).toBe(text);
});

test('an age has whole seconds, and is never less than one', () => {
  const at = '2026-03-01T00:00:00.000Z';
  const after = (ms: number) => ageOf(at, Date.parse(at) + ms);
  expect([after(-50), after(400), after(4_400), after(61_000)]).toEqual(['1 s', '1 s', '4 s', '1 min 1 s']);
});

test('a ratio is 100 % only when nothing was missed', () => {
  expect([percentOf(0), percentOf(0.974), percentOf(0.99999), percentOf(1)]).toEqual([
    '0 %',
    '97.4 %',
    '99.9 %',
    '100 %',
  ]);
});

test('nines without an old sample are a bound, and none without a sample', () => {
  expect(ninesOf({ samples: 2_000, stale: 0, nines: 3.3 })).toBe('≥ 3.3');
  expect(ninesOf({ samples: 2_000, stale: 2, nines: 3 })).toBe('3.0');
  expect(ninesOf({ samples: 0, stale: 0, nines: null })).toBe('–');
});

test('counts and sizes stay short', () => {
  expect([shortCountOf(999), shortCountOf(12_345), bytesOf(999), bytesOf(4_321), bytesOf(1_234_567)]).toEqual(
    ['999', '12.3k', '999 B', '4.3 kB', '1.2 MB'],
  );
});
