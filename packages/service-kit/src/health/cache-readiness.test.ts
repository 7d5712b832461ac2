import type { CacheState } from '@freshet/cache-core';
import { expect, test } from 'vitest';
import { cacheReadiness } from './cache-readiness.ts';

const hour = 3_600_000;

/** What a test may change is what the cache says of its lease. */
function cacheWith(lease: CacheState['lease']) {
  const cache = {
    lease,
    state: (): CacheState => ({
      mode: cache.lease.held ? 'l1' : 'degraded',
      lease: cache.lease,
      blessing: null,
      replicaId: 'r',
    }),
  };
  return cache;
}

test('no until the first lease is held, and why', () => {
  expect(cacheReadiness(cacheWith({ held: false, reason: 'unblessed' }), hour)()).toEqual({
    ready: false,
    reason: 'it waits for its first freshness lease (unblessed)',
    mode: 'degraded',
  });
});

test('what the connection to Redis fails with is said too, before and after', () => {
  const cache = cacheWith({
    held: false,
    reason: 'renewal-failed',
    connection: 'WRONGPASS invalid password',
  });
  expect(cacheReadiness(cache, hour)()).toMatchObject({
    reason: 'it waits for its first freshness lease (renewal-failed: WRONGPASS invalid password)',
  });
  expect(cacheReadiness(cache, 0)()).toMatchObject({
    ready: true,
    lease: { connection: 'WRONGPASS invalid password' },
  });
});

test('yes with a lease, and it stays so when the lease is lost', () => {
  const cache = cacheWith({ held: true });
  const check = cacheReadiness(cache, hour);
  expect(check()).toMatchObject({ ready: true, mode: 'l1', lease: { held: true } });
  cache.lease = { held: false, reason: 'expired' };
  expect(check()).toMatchObject({ ready: true, mode: 'degraded', lease: { held: false, reason: 'expired' } });
});

test('yes after a while without a lease, and that it serves degraded', () => {
  expect(cacheReadiness(cacheWith({ held: false, reason: 'unblessed' }), 0)()).toMatchObject({
    ready: true,
    mode: 'degraded',
  });
});
