import { decodeValue } from '@freshet/cache-core/protocol';
import type { Timeline, Violation } from '../history.ts';
import { KEYS } from '../plan.ts';
import type { MemoryRedis } from '../redis/memory-redis.ts';
import type { World } from '../world/world.ts';

/** Judges every watermark and every blessing at the moment when a server accepts it. */
export function watchRelays(world: World, timeline: Timeline, violations: Violation[]): void {
  const { scheduler, postgres } = world;
  /** Of outbox rows: since when it matters that they are fanned out. */
  const committed = new Map<string, number>();
  /** When the database was taken back last, and the highest number of a blessing that knows nothing of it. */
  const reverted = { at: Number.POSITIVE_INFINITY, newestBlessing: 0 };

  world.onCommit = ({ changes, outboxIds }) => {
    for (const { table, id, value, version } of changes) {
      world.trace?.('postgres', 'COMMIT', [table, id, value], version);
      timeline.add(table, id, { value, version, committedAt: scheduler.now });
    }
    for (const id of outboxIds) committed.set(id, scheduler.now);
  };

  world.onRevert = ({ at, rows, newestBlessing, pendingAgain }) => {
    for (const { table, id, value, version } of rows) {
      world.trace?.('postgres', 'REVERTED', [table, id, value], version);
      timeline.add(table, id, { value, version, committedAt: at });
    }
    for (const id of pendingAgain) committed.set(id, at);
    if (rows.length > 0) Object.assign(reverted, { at, newestBlessing });
    if (rows.some(({ table }) => table === 'stock')) world.unfencedAt.push(at);
  };

  world.onWatermark = (claims, server) => {
    const says = (what: string): void => {
      violations.push({
        rule: 'watermark truth',
        message: `the watermark claims ${claims.toFixed(1)} ms, and ${what}`,
      });
    };
    for (const { id, entity } of postgres.inspect().pendingOutbox()) {
      const at = committed.get(id) ?? Number.POSITIVE_INFINITY;
      if (at < claims) says(`the change ${entity} ${id} of ${at.toFixed(1)} ms is not fanned out`);
    }
    if (reverted.at < claims && server.status().blessing <= reverted.newestBlessing)
      says(`this Redis has not heard that the database was taken back at ${reverted.at.toFixed(1)} ms`);
  };

  world.onBlessing = (claims, server) => {
    for (const table of ['item', 'stock'] as const)
      for (const key of KEYS)
        for (const { physical, version, value } of entriesOf(server, table, key, world.validFrom)) {
          const states = timeline.states(table, key);
          const known = states.findLastIndex(({ committedAt }) => committedAt < claims);
          // Of what stood then, or came later.
          const isKnown = states
            .slice(known)
            .some((state) => value === state.value && (value === null || version === state.version));
          if (isKnown) continue;
          violations.push({
            rule: 'watermark truth',
            message: `the blessing claims ${claims.toFixed(1)} ms, and L2 still holds ${value} in version ${version} under ${physical}`,
          });
        }
  };
}

/** Whether this server was blessed for the Postgres that answers now. Two of those may have one timeline. */
export function isUpToDate({ postgres }: World, server: Pick<MemoryRedis, 'status'>): boolean {
  const { blessing, origin } = server.status();
  return origin === postgres.origin && blessing === postgres.inspect().newestBlessing()?.number;
}

/** What a reader under a blessing with this `validFrom` would find of one row, under every schema version. */
export function entriesOf(
  server: Pick<MemoryRedis, 'get'>,
  table: string,
  key: string,
  validFrom: number,
): { physical: string; version: string; value: number | null }[] {
  return [`sim:${table}:${key}`, `sim:v2:${table}:${key}`].flatMap((physical) => {
    const stored = decodeValue(server.get(physical) ?? '');
    if (stored.kind !== 'entry' || stored.entry.blessing < validFrom) return [];
    const { version, payload } = stored.entry;
    return [{ physical, version, value: payload === null ? null : (payload as { n: number }).n }];
  });
}
