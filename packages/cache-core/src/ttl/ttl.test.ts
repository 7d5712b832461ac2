import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jittered, ttl } from './ttl.ts';

test('the policies are as long as the product says', () => {
  expect(ttl.masterData.ms).toBe(3_600_000);
  expect(ttl.session.ms).toBe(900_000);
  expect(ttl.profile.ms).toBe(900_000);
  expect(ttl.aggregation.ms).toBe(300_000);
  expect(ttl.stock.ms).toBe(300_000);
});

test('any other lifetime is from one second to one day', () => {
  expect(ttl.of({ ms: 1_000 }).ms).toBe(1_000);
  expect(ttl.of({ ms: 86_400_000 }).ms).toBe(86_400_000);
  for (const ms of [999, 86_400_001, 0, -1, 1_000.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => ttl.of({ ms })).toThrow(expect.objectContaining({ code: 'FRESHET_INVALID_OPTIONS' }));
  }
});

test('a lifetime varies by 10 % at most, and is a whole number of milliseconds above 0', () => {
  expect(jittered(1_000, () => 0)).toBe(900);
  expect(jittered(1_000, () => 0.5)).toBe(1_000);
  expect(jittered(1, () => 0)).toBe(1);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 86_400_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (ms, random) => {
        const result = jittered(ms, () => random);
        expect(Number.isInteger(result)).toBe(true);
        expect(result).toBeGreaterThanOrEqual(Math.max(1, Math.floor(ms * 0.9)));
        expect(result).toBeLessThanOrEqual(Math.ceil(ms * 1.1));
      },
    ),
  );
});

test('keys that were filled together expire apart', () => {
  let state = 1;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const lifetimes = new Set(Array.from({ length: 100 }, () => jittered(ttl.profile.ms, random)));
  expect(lifetimes.size).toBeGreaterThan(90);
});
