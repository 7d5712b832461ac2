import { MAX_VERSION, type Protocol } from '@freshet/cache-core/protocol';
import type { RedisLink } from '../domain/redis-link.ts';
import { planFanOut, sortRows } from '../fan-out/fan-out-plan.ts';
import type { MissedChanges } from './blessing-store.ts';

/** Keys in one pipeline of DROPs. */
const DROPS_AT_ONCE = 1_000;

/**
 * Brings L2 up to date with changes that this server may have missed; those that it has not missed find nothing to drop.
 * Answers whether one connection, the one of `generation`, took all of it: else another server may have got a part.
 */
export async function redrop(
  { protocol, scan }: { protocol: Pick<Protocol, 'generation' | 'dropMany'>; scan: RedisLink['scan'] },
  { rows, schemaVersions }: MissedChanges,
  generation: number,
): Promise<boolean> {
  // What names no possible key concerns no cache.
  const { drops, prefixes } = planFanOut(sortRows(rows).named, schemaVersions);
  for (const prefix of prefixes) {
    for await (const keys of scan(prefix)) {
      await protocol.dropMany(keys.map((key) => ({ key, version: MAX_VERSION })));
    }
  }
  for (let start = 0; start < drops.length; start += DROPS_AT_ONCE) {
    await protocol.dropMany(drops.slice(start, start + DROPS_AT_ONCE));
  }
  return protocol.generation === generation;
}
