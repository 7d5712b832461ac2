import type { Cache } from '@freshet/cache-core';
import type { ReadinessCheck } from './readiness.ts';

/**
 * Ready with the first freshness lease: from then on this replica reads from memory. Without a lease (Redis
 * or the relays are down) it is ready after `withoutLeaseAfterMs`, and says that it serves degraded: from Redis or
 * from Postgres.
 */
export function cacheReadiness(cache: Pick<Cache, 'state'>, withoutLeaseAfterMs: number): ReadinessCheck {
  const startedAt = performance.now();
  let ready = false;
  return () => {
    const { mode, lease, blessing } = cache.state();
    ready ||= lease.held || performance.now() - startedAt >= withoutLeaseAfterMs;
    if (ready) return { ready, mode, lease, blessing };
    const why = [lease.reason ?? 'none yet', lease.connection].filter((part) => part !== undefined);
    return { ready, reason: `it waits for its first freshness lease (${why.join(': ')})`, mode };
  };
}
