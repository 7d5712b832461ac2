import {
  compareVersions,
  type LogicalKey,
  logicalKey,
  NO_VERSION,
  parseLogicalKey,
  type Version,
} from '@freshet/cache-core/protocol';
import type { RowVersion } from '../inspection/origin-versions.ts';

export const LAYERS = ['l1', 'l2'] as const;
export type Layer = (typeof LAYERS)[number];

/** One key of an entity, by its logical name. */
export interface NamedKey extends LogicalKey {
  readonly key: string;
  readonly idParts: readonly string[];
}

/** One cached value that a reader would get: of one key, in L2 or in one replica's memory. */
export interface Copy {
  /** The same for the same place, whatever is there. */
  readonly id: string;
  readonly layer: Layer;
  /** In whose memory; null in L2. */
  readonly replicaId: string | null;
  readonly instance: string | null;
  readonly named: NamedKey;
  /** What operators look for: logical in L1, physical in L2. */
  readonly place: string;
  readonly version: Version;
  /** False for a cached 'not found'. */
  readonly found: boolean;
  /** Since it came there. */
  readonly ageMs: number;
}

/**
 * What came of one comparison.
 * - `consistent`: it is the row's version.
 * - `in-flight`: it was not, and was gone by the time that was promised.
 * - `stale`: it was not, and was there for longer than was promised.
 * - `unversioned`: nothing can be said. It has no version, as it was made from several rows, or of a row that `load` hides.
 */
export const VERDICTS = ['consistent', 'in-flight', 'stale', 'unversioned'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** How a copy stands to its row. `older` and `ahead` have a row of another version, `deleted` has none any more. */
export type Standing = 'same' | 'older' | 'ahead' | 'deleted' | 'unversioned' | 'unknown';

/** The row must have been read after the copy: then a copy of a row that lives is never ahead of it. */
export function standing({ version, found }: Pick<Copy, 'version' | 'found'>, row: RowVersion): Standing {
  if ('unknown' in row) return 'unknown';
  if (version === NO_VERSION) {
    // Of rows that were there before the column `version`; and a 'not found' where there is none.
    const same = found ? row.version === NO_VERSION : row.version === null;
    return same ? 'same' : 'unversioned';
  }
  if (row.version === null) return 'deleted';
  const order = compareVersions(version, row.version);
  if (order === 0) return 'same';
  return order < 0 ? 'older' : 'ahead';
}

/** Null for a whole entity, and for what is no key. */
export function nameOf(key: string): NamedKey | null {
  try {
    const { service, entity, idParts } = parseLogicalKey(key);
    return idParts === null ? null : { key, service, entity, idParts };
  } catch {
    return null;
  }
}

/** Of an id that could be cached: it has been applied. */
export function nameOfParts({ service, entity, idParts }: Omit<NamedKey, 'key'>): NamedKey {
  return { key: logicalKey(service, entity, idParts), service, entity, idParts };
}

/** One place, whatever is there at the moment. */
export function idOfL1(replicaId: string, key: string): string {
  return `${replicaId} ${key}`;
}
