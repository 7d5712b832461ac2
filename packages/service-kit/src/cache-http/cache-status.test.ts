import { expect, test } from 'vitest';
import { cacheStatus } from './cache-status.ts';

test.each([
  [{ hit: 'l1', ttlMs: 812_999 }, 'user-service; hit; ttl=812; detail=l1'],
  [{ hit: 'l2', ttlMs: 12_000 }, 'user-service; hit; ttl=12; detail=l2'],
  [{ hit: 'l1' }, 'user-service; hit; detail=l1'],
  [{ fwd: 'miss', stored: true, ttlMs: 900_000 }, 'user-service; fwd=miss; stored'],
  [{ fwd: 'miss' }, 'user-service; fwd=miss'],
  [{ fwd: 'miss', stored: true, collapsed: true }, 'user-service; fwd=miss; stored; collapsed'],
  [{ fwd: 'bypass', detail: 'lease-expired' }, 'user-service; fwd=bypass; detail=lease-expired'],
  [{ fwd: 'bypass', detail: 'fence', stored: false }, 'user-service; fwd=bypass; detail=fence'],
  [{ fwd: 'request' }, 'user-service; fwd=request'],
  [{ fwd: 'stale', stored: true, ttlMs: 900_000 }, 'user-service; fwd=stale; stored'],
  [
    { fwd: 'stale', ttlMs: -12_000, detail: 'stale-if-error' },
    'user-service; fwd=stale; ttl=-12; detail=stale-if-error',
  ],
  [{}, 'user-service; fwd=miss'],
] as const)('%j is %s', (outcome, expected) => {
  expect(cacheStatus('user-service', outcome)).toBe(expected);
});
