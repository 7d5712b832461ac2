import type { CacheId } from '../keys/key.ts';
import { NO_VERSION } from '../keys/version.ts';
import { type Entity, memoryKey } from './entity.ts';
import type { Load } from './flights.ts';
import { KeyInL2 } from './key-in-l2.ts';

/**
 * Replaces an entry that is about to expire, in the background, so that its readers go on being answered from memory. One
 * process at a time does so, and only while no reader waits for the origin. The others take what it stored.
 *
 * @param expiresAt of the entry that the reader has, ms since 1970
 */
export function refreshAhead<T>(entity: Entity<T>, id: CacheId, expiresAt: number): void {
  const { replica, lease, flights, policy } = entity;
  if (!replica.registry.registered) return;
  flights.runAlongside(
    memoryKey(id),
    () => lease.valid(),
    async (load) => {
      try {
        await refresh(entity, id, load, expiresAt);
      } catch (error) {
        // Nobody waits: whoever comes after the expiry loads, and hears of what is wrong.
        replica.log.failed('early refresh failed', error, { entity: policy.entity });
      }
    },
  );
}

async function refresh<T>(entity: Entity<T>, id: CacheId, load: Load, expiresAt: number): Promise<void> {
  const { replica, lease, counters, policy } = entity;
  const { protocol, clock, gate } = replica;
  const { term } = lease;
  const { blessing } = replica.lease;
  const l2 = new KeyInL2(entity, id);
  const standing = await l2.get();
  if (standing?.kind !== 'entry' || !lease.valid() || term !== lease.term) return;
  const found = await l2.understand(standing);
  if (found === null) return;
  const { value, entry, bytes } = found;
  const wallMs = clock.wallMs();
  const ttlMs = l2.ttlLeft(entry, wallMs);
  // A millisecond for what was rounded.
  if (wallMs + ttlMs > expiresAt + 1) {
    entity.keep(memoryKey(id), load, { value, version: entry.version, ttlMs, costMs: entry.cost, bytes });
    return;
  }
  // ● Version 0 says nothing about what came between.
  if (entry.version === NO_VERSION || !(await l2.claimRefresh())) return;
  try {
    if (!gate.idle) return;
    const startedAt = clock.monotonicMs();
    const loaded = await gate
      .run((signal) => {
        counters.originLoads++;
        return policy.load(id, { signal });
      })
      .catch((error: unknown) => {
        counters.originErrors++;
        throw error;
      });
    const prepared = entity.prepare(loaded, blessing, clock.monotonicMs() - startedAt);
    if (prepared.version === NO_VERSION) return;
    if (!(await protocol.refresh(l2.name, entry.version, prepared.entry, prepared.keepMs))) return;
    counters.refreshes++;
    entity.keep(memoryKey(id), load, { ...prepared, bytes: prepared.entry.length });
  } finally {
    l2.releaseRefresh();
  }
}
