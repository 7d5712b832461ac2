import type { CacheOutcome } from '@freshet/cache-core';

/**
 * The value of `Cache-Status` (RFC 9211): `user-service; hit; ttl=812; detail=l1`,
 * `user-service; fwd=miss; stored`, `user-service; fwd=bypass; detail=lease-expired`,
 * `user-service; fwd=stale; ttl=-12; detail=stale-if-error`: expired 12 s ago, served because the origin failed.
 * `cacheName` and the outcome's detail are tokens, so nothing needs quotes.
 */
export function cacheStatus(cacheName: string, outcome: CacheOutcome): string {
  const { hit, fwd = 'miss', stored, collapsed, ttlMs, detail = hit } = outcome;
  let value = `${cacheName}; ${hit === undefined ? `fwd=${fwd}` : 'hit'}`;
  const cached = hit !== undefined || detail === 'stale-if-error';
  if (cached && ttlMs !== undefined) value += `; ttl=${Math.floor(ttlMs / 1000)}`;
  if (stored === true) value += '; stored';
  if (collapsed === true) value += '; collapsed';
  if (detail !== undefined) value += `; detail=${detail}`;
  return value;
}
