/** What the cache did for one read: the part of cache-core's outcome that the header tells. */
export interface CacheOutcome {
  readonly hit?: 'l1' | 'l2';
  readonly fwd?: 'miss' | 'bypass' | 'request';
  readonly stored?: boolean;
  readonly collapsed?: boolean;
  readonly ttlMs?: number;
  readonly detail?: string;
}

const token = /^[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*$/;

/**
 * The value of `Cache-Status` (RFC 9211): `user-service; hit; ttl=812; detail=l1`,
 * `user-service; fwd=miss; stored`, `user-service; fwd=bypass; detail=lease-expired`.
 */
export function cacheStatus(cacheName: string, outcome: CacheOutcome): string {
  const { hit, fwd, stored, collapsed, ttlMs, detail = hit } = outcome;
  let value = cacheName;
  if (hit !== undefined) value += '; hit';
  else value += `; fwd=${fwd ?? 'miss'}`;
  if (hit !== undefined && ttlMs !== undefined) value += `; ttl=${Math.floor(ttlMs / 1000)}`;
  if (stored === true) value += '; stored';
  if (collapsed === true) value += '; collapsed';
  if (detail !== undefined)
    value += `; detail=${token.test(detail) ? detail : JSON.stringify(detail.replaceAll(/[^\x20-\x7e]/g, '?'))}`;
  return value;
}
