import type { Fault, Operation } from '../plan.ts';
import { type Kitchen, readers, spread, type Trouble } from './kitchen.ts';
import type { Random } from '../world/random.ts';

/** `alone`: nothing else may go wrong meanwhile. */
type LostState = Trouble & { alone?: true };

/** Troubles of a database that was taken back. What has been recorded in it is lost; the caches, and the processes, still know it. */
const restores: ((kitchen: Kitchen) => LostState)[] = [
  /** The registration of a schema version is lost, and the replica that uses it lives on. */
  function lostSchemaVersion({ random, replicas, keys, at }) {
    const key = random.pick(keys);
    const backAt = at + random.between(600, 1_500);
    return {
      operations: busy(random, replicas, key, backAt + 2_000, backAt + 6_000),
      faults: [
        { at, kind: 'postgres-restore', ms: backAt - at },
        { at: at + random.between(10, 200), kind: 'new-schema-version' },
      ],
    };
  },

  /** Two copies of one server take its place, one after the other: the second knows nothing of the first, nor of its timeline. */
  function sameTimelineTwice({ random, replicas, relays, keys, at }) {
    const key = random.pick(keys);
    const secondAt = at + random.between(3_000, 6_000);
    return {
      operations: busy(random, replicas, key, at + 500, secondAt + 4_000),
      faults: [
        { at: at - 1, kind: 'postgres-restore', ms: secondAt - at },
        { at, kind: 'postgres-failover', ms: random.between(0, 300) },
        ...(random.chance(0.4)
          ? [
              {
                at: secondAt + random.between(-20, 20),
                kind: 'redis-restart-snapshot' as const,
                ms: random.between(0, 2_000),
              },
            ]
          : []),
        ...stoppedRelay(random, relays, secondAt),
      ],
    };
  },

  /** The copy is from before the domain's first blessing: the only ones that know of it are Redis and the relays. */
  function lostAllBlessings({ random, replicas, keys, at }) {
    const key = random.pick(keys);
    const madeAt = random.between(20, 200);
    return {
      operations: busy(random, replicas, key, at, at + 5_000),
      faults: [{ at: madeAt, kind: 'postgres-restore', ms: at - madeAt }],
      alone: true,
    };
  },

  /** Redis is as old as the database, or empty: the number of a lost blessing is free again, and a replica still knows it. */
  function lostBlessing({ random, replicas, keys, at }) {
    const key = random.pick(keys);
    const target = `replica-${random.integer(0, replicas - 1)}`;
    const backAt = at + random.between(3_000, 4_500);
    return {
      operations: [
        ...busy(random, replicas, key, at + 2_500, backAt),
        ...busy(random, replicas, key, backAt + 2_000, backAt + 7_000),
      ],
      faults: [
        { at: at - 1, kind: 'postgres-restore', ms: backAt - at },
        { at, kind: 'redis-restart-empty', ms: 20 },
        { at: backAt, kind: random.pick(['redis-restart-empty', 'flush-all'] as const), ms: 20 },
        random.pick<Fault>([
          { at: backAt - 10, kind: 'pause', target, ms: random.between(3_000, 6_000) },
          {
            at: backAt - 10,
            kind: 'stall-redis',
            target,
            ms: random.between(3_000, 6_000),
            direction: 'toServer',
          },
        ]),
      ],
    };
  },
];

export function restore(kitchen: Kitchen): LostState {
  return kitchen.random.pick(restores)(kitchen);
}

function busy(random: Random, replicas: number, key: string, from: number, to: number): Operation[] {
  return [
    ...spread(random, 24, from, to, () => ({
      kind: random.pick(['sql-write', 'write', 'strong-write', 'delete', 'rewrite'] as const),
      replica: random.integer(0, replicas - 1),
      key,
      value: random.integer(0, 99),
    })),
    ...readers(random, replicas, key, from, to + 2_000, 60),
  ];
}

function stoppedRelay(random: Random, relays: number, around: number): Fault[] {
  const target = `relay-${random.integer(0, relays - 1)}`;
  const at = around + random.between(-300, 300);
  if (random.chance(0.5)) return [];
  return [
    {
      at,
      kind: random.pick(['pause', 'stall-redis', 'stall-postgres'] as const),
      target,
      ms: random.between(100, 2_500),
    },
  ];
}
