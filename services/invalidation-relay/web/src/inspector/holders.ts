import type { InspectedKey } from '../api/contract.ts';
import { shortId } from '../appearance/format.ts';

/**
 * - `current`: as new as the row.
 * - `old`: older than the row.
 * - `none`: holds nothing that a reader would take.
 * - `unknown`: it did not answer, or the row's version cannot be told.
 */
export type Judgement = 'current' | 'old' | 'none' | 'unknown';

/** One place in which the key may be: Postgres, Redis, one replica's memory. */
export interface Holder {
  readonly name: string;
  readonly place: 'origin' | 'l2' | 'l1';
  /** In a word or two. */
  readonly holds: string;
  readonly judgement: Judgement;
  readonly version: string | null;
  readonly ageMs: number | null;
  readonly ttlMs: number | null;
  readonly leftMs: number | null;
}

const nothing = { version: null, ageMs: null, ttlMs: null, leftMs: null } as const;

const l2States: Record<InspectedKey['l2'][number]['state'], string> = {
  entry: 'value',
  absent: 'nothing',
  void: 'void: of an older blessing',
  fenced: 'fence of a strong write',
  filling: 'a reader loads it',
  unreadable: 'unreadable',
};

export function holdersOf({ origin, l2, replicas }: InspectedKey): Holder[] {
  const isOld = (version: string) =>
    // A cached 'not found' has version 0.
    origin.version === null ? version !== '0' : BigInt(version) < BigInt(origin.version);
  const judge = (version: string): Judgement =>
    origin.error !== undefined ? 'unknown' : isOld(version) ? 'old' : 'current';
  return [
    {
      ...nothing,
      name: 'Postgres',
      place: 'origin',
      holds: origin.error !== undefined ? 'unknown' : origin.version === null ? 'no row' : 'the row',
      judgement: origin.error === undefined ? 'current' : 'unknown',
      version: origin.version,
    },
    ...l2.map(
      ({ schemaVersion, state, version, ageMs, ttlMs, expiresInMs }): Holder => ({
        name: l2.length === 1 ? 'Redis (L2)' : `Redis (L2), schema ${schemaVersion}`,
        place: 'l2',
        holds: l2States[state],
        judgement:
          state === 'entry' && version !== null
            ? judge(version)
            : state === 'unreadable'
              ? 'unknown'
              : 'none',
        version,
        ageMs,
        ttlMs,
        leftMs: expiresInMs,
      }),
    ),
    ...replicas.toSorted(byName).map(({ instance, replicaId, answered, l1 }): Holder => {
      const name = instance ?? `replica ${shortId(replicaId)}`;
      if (l1 === null) {
        return {
          ...nothing,
          name,
          place: 'l1',
          holds: answered ? 'nothing' : 'no answer',
          judgement: answered ? 'none' : 'unknown',
        };
      }
      return {
        name,
        place: 'l1',
        holds: 'value',
        judgement: judge(l1.version),
        version: l1.version,
        ageMs: l1.ageMs,
        ttlMs: null,
        leftMs: l1.ttlMs,
      };
    }),
  ];
}

/** They answer in any order. */
function byName(a: InspectedKey['replicas'][number], b: InspectedKey['replicas'][number]): number {
  return (a.instance ?? a.replicaId).localeCompare(b.instance ?? b.replicaId);
}
