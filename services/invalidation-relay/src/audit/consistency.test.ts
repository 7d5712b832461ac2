import { expect, test } from 'vitest';
import { ConsistencyCount, consistencyOf, ratioOf } from './consistency.ts';

const NOW = 1_767_225_600_000;

test('counts each layer in windows of a minute, five minutes and an hour', () => {
  const count = new ConsistencyCount();
  const hoursAgo = (hours: number) => NOW - hours * 3_600_000;
  count.add('l1', true, hoursAgo(2));
  count.add('l1', true, hoursAgo(0.5));
  for (let n = 0; n < 99; n++) count.add('l1', false, NOW - 200_000);
  for (let n = 0; n < 9; n++) count.add('l1', false, NOW - 5_000);
  count.add('l2', true, NOW);
  const { l1, l2 } = consistencyOf(count.buckets, NOW);
  expect(l1).toEqual({
    '1m': { samples: 9, stale: 0, nines: 1 },
    '5m': { samples: 108, stale: 0, nines: 2.04 },
    '1h': { samples: 109, stale: 1, nines: 2.04 },
  });
  expect(l2['1m']).toEqual({ samples: 1, stale: 1, nines: 0 });
  expect(ratioOf(l1['1h'])).toBeCloseTo(108 / 109);
});

test('without a sample nothing is claimed', () => {
  const { l1 } = consistencyOf({ l1: [], l2: [] }, NOW);
  expect(l1['1h']).toEqual({ samples: 0, stale: 0, nines: null });
  expect(ratioOf(l1['1h'])).toBeNull();
});

test('goes on from the buckets of another relay, and keeps an hour of them', () => {
  const before = new ConsistencyCount();
  for (let slot = 0; slot < 500; slot++) before.add('l2', slot === 499, NOW + slot * 10_000);
  const after = new ConsistencyCount(JSON.parse(JSON.stringify(before.buckets)) as typeof before.buckets);
  after.add('l2', false, NOW + 499 * 10_000);
  expect(after.buckets.l2).toHaveLength(360);
  expect(after.buckets.l2.at(-1)?.slice(1)).toEqual([2, 1]);
});
