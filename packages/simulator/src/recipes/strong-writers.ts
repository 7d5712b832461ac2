import type { Fault, Operation } from '../plan.ts';
import { type Kitchen, readers, spread, type Trouble } from './kitchen.ts';

/** A strong writer that stops in the middle, for as long as its fence stands, or longer. */
export function stoppedStrongWriter({ random, replicas, slowestMs, keys, at }: Kitchen): Trouble {
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
}

/** A strong writer that is stopped before its transaction and in it, so that its COMMIT comes when its fence is over. */
export function lateCommit({ random, replicas, slowestMs, keys, at }: Kitchen): Trouble {
  const key = random.pick(keys);
  const writer = random.integer(0, replicas - 1);
  const target = `replica-${writer}`;
  const stopsAt = at + 1 + random.between(6, 12) * slowestMs;
  const firstMs = random.between(2_800, 5_200);
  const wakesAt = stopsAt + firstMs;
  const againAt = wakesAt + random.between(0.1, 1 + 16 * slowestMs);
  const againMs = random.between(300, 1_950);
  return {
    operations: [
      { at: at - 500, kind: 'strong-write', replica: writer, key, value: 1 },
      { at, kind: random.pick(['strong-write', 'strong-take'] as const), replica: writer, key, value: 2 },
      ...spread(
        random,
        90,
        Math.min(wakesAt, at + 4_900),
        Math.max(againAt + againMs, at + 5_000) + 800,
        () => ({
          kind: 'strong-read' as const,
          replica: random.integer(0, replicas - 1),
          key,
          value: 0,
        }),
      ),
    ],
    faults: [
      // Somebody who does not follow, so that the writer waits at its barrier.
      {
        at: at - random.between(0, 100),
        kind: 'stall-redis',
        target: `replica-${(writer + 1) % replicas}`,
        ms: random.between(800, 1_500),
        direction: 'toClient',
      },
      { at: stopsAt, kind: random.pick(['pause', 'pause', 'suspend'] as const), target, ms: firstMs },
      {
        at: againAt,
        kind: random.pick(['pause', 'stall-postgres'] as const),
        target,
        ms: againMs,
      },
      { at: wakesAt, kind: 'lose-doorbells', ms: 4_000 },
    ],
  };
}

/** Readers that meet a fence and ask a database that answers slowly, and readers who come once the write has ended. */
export function readersBehindAFence({ random, replicas, slowestMs, keys, at }: Kitchen): Trouble {
  const key = random.pick(keys);
  const writer = random.integer(0, replicas - 1);
  const reader = (writer + 1) % replicas;
  const operations: Operation[] = [{ at: at - 500, kind: 'strong-write', replica: writer, key, value: 1 }];
  const faults: Fault[] = [];
  for (const begun of [at, at + 1_200, at + 2_400]) {
    const midst = begun + random.between(3, 14) * slowestMs;
    const ms = random.between(10, 60) + 16 * slowestMs;
    operations.push(
      { at: begun, kind: 'strong-write', replica: writer, key, value: random.integer(0, 9) },
      ...spread(random, 30, begun + slowestMs, midst + ms, () => ({
        kind: 'strong-read' as const,
        replica: random.chance(0.8) ? reader : writer,
        key,
        value: 0,
      })),
    );
    faults.push({ at: midst, kind: 'slow-loads', target: `replica-${reader}`, ms });
  }
  return { operations, faults };
}
