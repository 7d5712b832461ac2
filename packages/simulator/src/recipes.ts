import type { Fault, Operation } from './plan.ts';
import type { Random } from './world/random.ts';

/** What a recipe puts into a schedule, beside what chance does. */
export interface Trouble {
  operations: Operation[];
  faults: Fault[];
}

export interface Kitchen {
  random: Random;
  replicas: number;
  relays: number;
  slowestMs: number;
  keys: readonly string[];
  /** When it begins. */
  at: number;
}

/**
 * Troubles that need several things to meet, which chance alone would bring together once in a million schedules. Each is
 * still random in its times, targets and lengths.
 */
const recipes: Record<string, (kitchen: Kitchen) => Trouble> = {
  /** A load that began before the failover fills the new server after it was blessed. */
  slowLoadAcrossAFailover({ random, replicas, slowestMs, keys, at }) {
    const key = random.pick(keys);
    const replica = random.integer(0, replicas - 1);
    return {
      operations: [
        { at: at - 600, kind: 'sql-write', replica, key, value: 1 },
        { at, kind: random.pick(['read', 'strong-read']), replica, key, value: 0 },
        ...spread<Omit<Operation, 'at'>>(random, 6, at + 5, at + 2_500, () => ({
          kind: 'sql-write',
          replica,
          key,
          value: random.integer(0, 9),
        })),
        ...readers(random, replicas, key, at + 1_500, at + 6_000, 30),
      ],
      faults: [
        {
          at: at + random.between(0.1, 1 + 6 * slowestMs),
          kind: 'stall-postgres',
          target: `replica-${replica}`,
          ms: random.between(2_000, 2_950),
        },
        { at: at + random.between(-50, 400), kind: 'redis-failover', ms: random.between(0, 300) },
      ],
    };
  },

  /** A strong writer that stops in the middle, for as long as its fence stands, or longer. */
  stoppedStrongWriter({ random, replicas, slowestMs, keys, at }) {
    const key = random.pick(keys);
    const replica = random.integer(0, replicas - 1);
    const target = `replica-${replica}`;
    const when = at + random.between(0.1, 2 + 14 * slowestMs);
    return {
      operations: [
        { at: at - 500, kind: 'strong-write', replica, key, value: 1 },
        {
          at,
          kind: random.pick(['strong-write', 'strong-take', 'strong-delete'] as const),
          replica,
          key,
          value: 2,
        },
        ...readers(random, replicas, key, at + 100, at + 9_000, 60),
        ...(random.chance(0.4)
          ? [
              {
                at: at + random.between(0, 6_000),
                kind: 'strong-write' as const,
                replica: (replica + 1) % replicas,
                key,
                value: 3,
              },
            ]
          : []),
      ],
      faults: [
        random.pick<Fault>([
          { at: when, kind: 'pause', target, ms: random.between(1_000, 7_500) },
          { at: when, kind: 'stall-postgres', target, ms: random.between(1_000, 7_500) },
          {
            at: when,
            kind: 'stall-redis',
            target,
            ms: random.between(1_000, 7_500),
            direction: random.pick(['toServer', 'toClient'] as const),
          },
          { at: when, kind: 'cut-postgres', target },
          { at: when, kind: 'kill', target, ms: 300 },
        ]),
      ],
    };
  },

  /** A reader that hears nothing, or is stopped, while others write. */
  deafReader({ random, replicas, keys, slowestMs, at }) {
    const key = random.pick(keys);
    const target = `replica-${random.integer(0, replicas - 1)}`;
    const ms = random.between(300, 5_000);
    return {
      operations: [
        ...spread(random, 8, at, at + ms, () => ({
          kind: random.pick(['strong-write', 'write', 'sql-write'] as const),
          replica: random.integer(0, replicas - 1),
          key,
          value: random.integer(0, 9),
        })),
        ...readers(random, replicas, key, at - 300, at + ms + 1_500, 70),
      ],
      faults: [
        random.pick<Fault>([
          { at, kind: 'stall-redis', target, ms, direction: 'toClient' },
          { at: at + random.between(0, 4 * slowestMs), kind: 'pause', target, ms },
          { at, kind: 'suspend', target, ms },
          { at, kind: 'stall-postgres', target, ms: Math.min(ms, 2_900) },
        ]),
        { at: at - 10, kind: 'lose-doorbells', ms: random.chance(0.5) ? ms : 1 },
      ],
    };
  },

  /** Two primaries, and everybody busy on both. */
  splitBrain({ random, replicas, relays, keys, at }) {
    const key = random.pick(keys);
    const relay = `relay-${random.integer(0, relays - 1)}`;
    return {
      operations: [
        ...spread(random, 24, at - 100, at + 6_000, () => ({
          kind: random.pick(['strong-write', 'write', 'sql-write', 'strong-write'] as const),
          replica: random.integer(0, replicas - 1),
          key,
          value: random.integer(0, 9),
        })),
        ...readers(random, replicas, key, at - 300, at + 8_000, 110),
      ],
      faults: [
        { at, kind: 'redis-failover', ms: random.between(0, 800) },
        ...(random.chance(0.5)
          ? [
              {
                at: at + random.between(500, 4_000),
                kind: 'redis-failover' as const,
                ms: random.between(0, 300),
              },
            ]
          : []),
        random.pick<Fault>([
          {
            at: at + random.between(0, 3_000),
            kind: 'stall-redis',
            target: relay,
            ms: random.between(100, 3_000),
            direction: random.pick(['toServer', 'toClient'] as const),
          },
          { at: at + random.between(0, 3_000), kind: 'pause', target: relay, ms: random.between(100, 3_000) },
          {
            at: at + random.between(0, 3_000),
            kind: 'stall-postgres',
            target: relay,
            ms: random.between(100, 3_000),
          },
          { at: at + random.between(0, 3_000), kind: 'kill', target: relay, ms: 200 },
        ]),
      ],
    };
  },

  /** Part of the log is gone before somebody has read it. */
  lostLog({ random, replicas, keys, at }) {
    const key = random.pick(keys);
    return {
      operations: [
        ...readers(random, replicas, key, at - 300, at + 4_000, 40),
        ...spread(random, 4, at, at + 200, () => ({
          kind: random.pick(['sql-write', 'write'] as const),
          replica: 0,
          key,
          value: random.integer(0, 9),
        })),
      ],
      faults: [
        { at: at - 1, kind: 'lose-doorbells', ms: 700 },
        ...spread(random, 5, at + 20, at + 500, () => ({
          kind: 'trim-log' as const,
          ms: random.integer(0, 1),
        })),
      ],
    };
  },

  /** Clients that ask for what they wrote, at every replica. */
  impatientReaders({ random, replicas, keys, at }) {
    const key = random.pick(keys);
    return {
      operations: spread(random, 70, at, at + 1_500, () => ({
        kind: random.weighted([
          [5, 'read-own'],
          [2, 'read'],
          [2, 'write'],
          [1, 'sql-write'],
          [1, 'delete'],
        ] as const),
        replica: random.integer(0, replicas - 1),
        key,
        value: random.integer(0, 9),
      })),
      faults: [],
    };
  },

  /** A release with another schema version comes up while nobody can register it. */
  unregisteredSchemaVersion({ random, replicas, keys, slowestMs, at }) {
    const key = random.pick(keys);
    return {
      operations: [
        ...readers(random, replicas, key, at, at + 3_000, 40),
        ...spread(random, 10, at, at + 2_500, () => ({
          kind: random.pick(['strong-write', 'write', 'sql-write'] as const),
          replica: replicas - 1,
          key,
          value: random.integer(0, 9),
        })),
      ],
      faults: [
        { at, kind: 'new-schema-version' },
        ...spread(random, 6, at, at + 10 + 40 * slowestMs, () => ({
          kind: 'cut-postgres' as const,
          target: 'replica-0',
        })),
      ],
    };
  },
};

/** One recipe, cooked. */
export function cook(kitchen: Kitchen): Trouble {
  return kitchen.random.pick(Object.values(recipes))(kitchen);
}

function spread<T extends object>(
  random: Random,
  count: number,
  from: number,
  to: number,
  make: () => T,
): (T & { at: number })[] {
  return Array.from({ length: count }, () => ({ ...make(), at: random.between(from, to) }));
}

function readers(
  random: Random,
  replicas: number,
  key: string,
  from: number,
  to: number,
  count: number,
): Operation[] {
  return spread(random, count, from, to, () => ({
    kind: random.pick(['strong-read', 'read'] as const),
    replica: random.integer(0, replicas - 1),
    key,
    value: 0,
  }));
}
