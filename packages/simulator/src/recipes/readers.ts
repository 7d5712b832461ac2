import type { Fault, Operation } from '../plan.ts';
import { type Kitchen, readers, spread, type Trouble } from './kitchen.ts';

/** A reader that hears nothing, or is stopped, while others write. */
export function deafReader({ random, replicas, keys, slowestMs, at }: Kitchen): Trouble {
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
}

/** Part of the log is gone before somebody has read it. */
export function lostLog({ random, replicas, keys, at }: Kitchen): Trouble {
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
}

/** Clients that ask for what they wrote, at every replica. */
export function impatientReaders({ random, replicas, keys, at }: Kitchen): Trouble {
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
}

/** A release with another schema version comes up while nobody can register it. */
export function unregisteredSchemaVersion({ random, replicas, keys, slowestMs, at }: Kitchen): Trouble {
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
}

/**
 * A reader that waits for another's fill, and is led to a replica of Redis that holds an older value. Where the policy serves
 * what is not proven that is an answer, but nothing to remember.
 */
export function strayReader({ random, replicas, keys, at }: Kitchen): Trouble {
  const key = random.pick(keys);
  const stray = random.integer(0, replicas - 1);
  const filler = (stray + 1) % replicas;
  const fills = at + random.between(550, 700);
  const asks = fills + random.between(10, 60);
  const strays = asks + random.between(160, 400);
  return {
    conditions: { serve: true, schemaVersions: Array.from({ length: replicas }, () => 1) },
    operations: [
      { at: at - 700, kind: 'sql-write', replica: stray, key, value: 1 },
      ...readers(random, replicas, key, at - 400, at - 10, 12),
      { at: at + 5, kind: 'sql-write', replica: stray, key, value: 2 },
      { at: fills, kind: 'read', replica: filler, key, value: 0 },
      { at: asks, kind: 'read', replica: stray, key, value: 0 },
      ...readers(random, replicas, key, at + 1_800, at + 5_000, 40),
    ],
    faults: [
      { at, kind: 'lead-astray', target: `replica-${stray}`, ms: strays - at },
      { at: fills - 1, kind: 'slow-loads', target: `replica-${filler}`, ms: strays + 400 - fills },
    ],
  };
}

/** A load that is overtaken by a change, while another process has taken the fill lease that the change freed. */
export function twoFillers({ random, replicas, keys, at }: Kitchen): Trouble {
  const key = random.pick(keys);
  const first = random.integer(0, replicas - 1);
  const second = (first + 1) % replicas;
  const firstMs = random.between(300, 900);
  const asks = at + random.between(100, 250);
  const strong = random.chance(0.3);
  const read = (replica: number, when: number): Operation => ({
    at: when,
    kind: strong ? 'strong-read' : 'read',
    replica,
    key,
    value: 0,
  });
  return {
    // Else they do not meet under one key.
    conditions: { schemaVersions: Array.from({ length: replicas }, () => 1) },
    operations: [
      { at: at - 600, kind: strong ? 'strong-write' : 'sql-write', replica: second, key, value: 1 },
      read(first, at),
      {
        at: at + random.between(5, 80),
        kind: strong ? 'strong-write' : 'write',
        replica: second,
        key,
        value: 2,
      },
      read(second, asks),
      ...readers(random, replicas, key, at + 2_000, at + 5_000, 30),
    ],
    faults: [
      { at: at - 10, kind: 'evict', target: key },
      { at: at - 1, kind: 'slow-loads', target: `replica-${first}`, ms: firstMs },
      { at: asks - 1, kind: 'slow-loads', target: `replica-${second}`, ms: firstMs + random.between(0, 400) },
    ],
  };
}

/** All relays are dead, the clock of Redis has stepped back, and a replica comes up that has seen nothing of it. */
export function deadRelaysUnseen({ random, replicas, keys, at }: Kitchen): Trouble {
  const key = random.pick(keys);
  const target = `replica-${random.integer(0, replicas - 1)}`;
  const ms = random.between(3_500, 5_000);
  return {
    operations: [
      ...readers(random, replicas, key, at - 300, at, 6),
      { at: at + random.between(50, 400), kind: 'sql-write', replica: 0, key, value: random.integer(0, 9) },
      ...readers(random, replicas, key, at + 300, at + ms, 60),
    ],
    faults: [
      { at, kind: 'hidden-dead-relays', ms },
      { at: at + random.between(100, 1_500), kind: 'kill', target, ms: random.between(50, 300) },
    ],
  };
}
