import { compareVersions, type Version } from '../keys/version.ts';
import { type Entity } from './entity.ts';
import type { KeyInL2 } from './key-in-l2.ts';
import type { Answer } from './outcome.ts';

/**
 * What may be served although it has expired, because the origin failed; null when there is nothing.
 *
 * An entry that is still there while the freshness lease is valid was not invalidated: an invalidation removes it from
 * both layers, however old it is. So its TTL is the only promise that is given up, and the answer says so. It is looked for after
 * the failure, which may have taken seconds: what was there before says nothing about now.
 */
export async function expiredAnswer<T>(
  entity: Entity<T>,
  l2: KeyInL2<T>,
  key: string,
  minVersion: Version,
): Promise<Answer<T> | null> {
  const expired = inMemory(entity, key) ?? (await inL2(entity, l2));
  if (expired === null || compareVersions(expired.version, minVersion) < 0) return null;
  if (expired.ttlMs <= -entity.policy.staleIfErrorMs) return null;
  const { value, version, ttlMs } = expired;
  entity.counters.staleIfError++;
  return { value, version, cache: { fwd: 'stale', ttlMs, detail: 'stale-if-error' } };
}

interface Expired<T> {
  value: T | null;
  version: Version;
  /** Below 0 by how long it has been expired. */
  ttlMs: number;
}

function inMemory<T>({ l1, lease, replica }: Entity<T>, key: string): Expired<T> | null {
  const entry = l1.get(key);
  if (entry === undefined || !lease.valid()) return null;
  const { value, version, expiresAt } = entry;
  return { value, version, ttlMs: expiresAt - replica.clock.wallMs() };
}

async function inL2<T>({ lease, policy, replica }: Entity<T>, l2: KeyInL2<T>): Promise<Expired<T> | null> {
  const { term } = lease;
  const proven = (): boolean => !policy.bypassWhenUnproven || (lease.valid() && term === lease.term);
  if (!proven()) return null;
  const standing = await l2.get().catch(() => null);
  if (standing?.kind !== 'entry' || !proven()) return null;
  const found = await l2.understand(standing);
  if (found === null) return null;
  const { version, at, ttl } = found.entry;
  return { value: found.value, version, ttlMs: at + ttl - replica.clock.wallMs() };
}
