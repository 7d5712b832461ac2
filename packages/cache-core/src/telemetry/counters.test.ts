import { expect, test } from 'vitest';
import { Counters, statsOf } from './counters.ts';

test('before the first read there is no ratio', () => {
  expect(statsOf(new Counters(), 0)).toEqual({
    l1Hits: 0,
    l2Hits: 0,
    misses: 0,
    bypasses: 0,
    requests: 0,
    collapsed: 0,
    staleIfError: 0,
    refreshes: 0,
    originLoads: 0,
    fillsRejected: 0,
    undecodable: 0,
    l1Entries: 0,
    l1HitRatio: null,
    l2HitRatio: null,
  });
});

test('the ratio of a layer is of the reads that reached it', () => {
  const counters = new Counters();
  counters.l1Hits = 80;
  counters.l2Hits = 10;
  counters.misses = 4;
  counters.bypasses['lease-expired'] = 2;
  counters.bypasses.fence = 1;
  counters.bypasses['l2-unavailable'] = 1;
  counters.requests = 2;
  expect(statsOf(counters, 7)).toMatchObject({
    bypasses: 4,
    l1Entries: 7,
    l1HitRatio: 0.8,
    l2HitRatio: 0.5,
  });
});

test('only hits make 1, only misses make 0, and L2 has no ratio where L1 answers all', () => {
  const hits = new Counters();
  hits.l1Hits = 3;
  expect(statsOf(hits, 0)).toMatchObject({ l1HitRatio: 1, l2HitRatio: null });
  const misses = new Counters();
  misses.misses = 3;
  expect(statsOf(misses, 0)).toMatchObject({ l1HitRatio: 0, l2HitRatio: 0 });
});
