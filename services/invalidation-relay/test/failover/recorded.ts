import type { Version } from '@freshet/cache-core';

export type Table = 'item' | 'stock';

/** What somebody did, as they saw it; on this process's clock, in milliseconds. */
export interface Recorded {
  who: string;
  kind: 'read' | 'write';
  table: Table;
  id: string;
  startedAt: number;
  endedAt: number;
  /** null: it failed, or nobody knows what came of it. */
  version: Version | null;
  /** Where a read was answered. */
  layer?: 'l1' | 'l2' | 'origin';
  error?: unknown;
}

/** Rows are never deleted here, so versions grow in the order of the commits. */
export function staleReads(records: readonly Recorded[], boundMs: number): string[] {
  const found: string[] = [];
  for (const history of Map.groupBy(records, ({ table, id }) => `${table} ${id}`).values()) {
    const done = history.filter(({ version }) => version !== null);
    for (const read of done.filter(({ kind }) => kind === 'read')) {
      const strong = read.table === 'stock';
      // Bounded: whatever was overwritten so long ago. Strong: whatever anybody had written or read before it was asked.
      const before = done.filter(
        ({ kind, endedAt }) =>
          (strong || kind === 'write') && endedAt < read.startedAt - (strong ? 0 : boundMs),
      );
      const newest = before.reduce((most, { version }) => larger(most, BigInt(version ?? 0)), 0n);
      if (BigInt(read.version ?? 0) >= newest) continue;
      found.push(
        `${read.who} read ${read.table} ${read.id} from ${read.layer}: version ${read.version} at ${read.startedAt.toFixed(0)}, although ${newest} was there before`,
      );
    }
    found.push(...outOfNowhere(history));
  }
  return found;
}

/** A read of a version that nobody wrote, or that was written only after the read had ended. */
function outOfNowhere(history: readonly Recorded[]): string[] {
  // A write whose outcome is not known may have drawn any version.
  if (history.some(({ kind, version }) => kind === 'write' && version === null)) return [];
  const began = new Map(
    history.filter(({ kind }) => kind === 'write').map(({ version, startedAt }) => [version, startedAt]),
  );
  return history
    .filter(({ kind, version }) => kind === 'read' && version !== null)
    .filter(({ version, endedAt }) => (began.get(version) ?? Number.POSITIVE_INFINITY) > endedAt)
    .map(
      ({ who, table, id, version }) =>
        `${who} read ${table} ${id} in version ${version}, which was not there`,
    );
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
