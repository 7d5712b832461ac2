import { expect, test } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';

test('doubles, spread over the upper half, up to a cap', () => {
  const longest = [1, 2, 3, 4, 5, 6, 50, 5_000].map((failures) => retryDelayMs(failures, () => 1));
  expect(longest).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  expect(retryDelayMs(1, () => 0)).toBe(100);
  expect(retryDelayMs(6, () => 0)).toBe(2_500);
});
