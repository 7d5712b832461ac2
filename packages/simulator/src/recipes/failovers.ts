import type { Fault, Operation } from '../plan.ts';
import { type Kitchen, readers, spread, type Trouble } from './kitchen.ts';

/** A load that began before the failover fills the new server after it was blessed. */
export function slowLoadAcrossAFailover({ random, replicas, slowestMs, keys, at }: Kitchen): Trouble {
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
}

/** Two primaries, and everybody busy on both. */
export function splitBrain({ random, replicas, relays, keys, at }: Kitchen): Trouble {
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
}

/**
 * The promoted server, or the one that came back from its copy on disk, has a fill lease that was taken away before it
 * came, and what took it away is purged already: so its entries are voided, and the fill lease stands.
 */
export function replicatedFillLease({ random, replicas, slowestMs, keys, at }: Kitchen): Trouble {
  const key = random.pick(keys);
  const other = keys.find((one) => one !== key) ?? key;
  const loader = random.integer(0, replicas - 1);
  const target = `replica-${loader}`;
  const begun = at + 1 + 4 * slowestMs;
  const lostMs = random.between(40, 160) + 8 * slowestMs;
  return {
    conditions: { purgeAfterMs: 200 },
    operations: [
      { at: at - 400, kind: 'sql-write', replica: loader, key, value: 1 },
      { at, kind: random.pick(['read', 'read', 'strong-read'] as const), replica: loader, key, value: 0 },
      {
        at: begun + random.between(0, lostMs / 3),
        kind: random.pick(['write', 'write', 'strong-write'] as const),
        replica: (loader + 1) % replicas,
        key,
        value: 2,
      },
      // Whatever is fanned out then tells replicas of the new blessing at once.
      ...spread<Omit<Operation, 'at'>>(random, 8, at + 2_200, at + 2_900, () => ({
        kind: 'sql-write',
        replica: loader,
        key: other,
        value: random.integer(0, 9),
      })),
      ...readers(random, replicas, key, at + 2_900, at + 7_000, 40),
    ],
    faults: [
      { at: at - 10, kind: 'evict', target: key },
      // The loader hears of its new server only, or of the change too.
      ...(random.chance(0.7)
        ? [
            {
              at: begun,
              kind: 'stall-redis' as const,
              target,
              ms: lostMs + 60,
              direction: 'toClient' as const,
            },
          ]
        : []),
      { at: at - 1, kind: 'slow-loads', target, ms: random.between(2_850, 2_970) },
      { at: begun, kind: random.pick(['redis-restart-snapshot', 'redis-failover'] as const), ms: lostMs },
    ],
  };
}
