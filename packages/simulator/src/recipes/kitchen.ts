import type { Fault, Operation, Plan } from '../plan.ts';
import type { Random } from '../world/random.ts';

/** What a recipe puts into a schedule, beside what chance does. */
export interface Trouble {
  operations: Operation[];
  faults: Fault[];
  /** What has to be so, for this trouble to be one. */
  conditions?: Partial<Pick<Plan, 'schemaVersions' | 'serve' | 'purgeAfterMs'>>;
}

/** What a recipe is made of. */
export interface Kitchen {
  random: Random;
  replicas: number;
  relays: number;
  slowestMs: number;
  keys: readonly string[];
  /** When it begins. */
  at: number;
}

/** So many, each at some time of its own. */
export function spread<T extends object>(
  random: Random,
  count: number,
  from: number,
  to: number,
  make: () => T,
): (T & { at: number })[] {
  return Array.from({ length: count }, () => ({ ...make(), at: random.between(from, to) }));
}

/** Readers of one key at all replicas, strong and bounded ones. */
export function readers(
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
