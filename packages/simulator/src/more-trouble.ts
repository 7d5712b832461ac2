import { type Fault, KEYS, type Operation, type Plan } from './plan.ts';
import type { Trouble } from './recipes/kitchen.ts';
import { restore } from './recipes/restores.ts';
import { Random } from './world/random.ts';

/**
 * Two of five schedules have some of what is rare: another Postgres, whole entities that are invalidated, commands that come
 * twice, keys and log entries that are evicted. Drawn from a stream of its own, as a grown cache is.
 */
export function withMoreTrouble(plan: Plan): Plan {
  const random = new Random(plan.seed, 'more trouble');
  if (random.chance(0.6)) return plan;
  if (random.chance(0.25)) {
    const trouble = restore({ ...plan, random, keys: KEYS, at: random.between(1_000, 2_000) });
    return together(trouble.alone === true ? { ...plan, faults: [] } : plan, trouble);
  }
  const processes = [
    ...Array.from({ length: plan.replicas }, (_, index) => `replica-${index}`),
    ...Array.from({ length: plan.relays }, (_, index) => `relay-${index}`),
  ];
  const during = (): number => random.pick(plan.operations).at + random.between(-100, 100);
  const faults = Array.from({ length: random.integer(0, 2) }, (): Fault => {
    const kind = random.weighted([
      [3, 'postgres-failover'],
      [2, 'postgres-restore'],
      [1, 'postgres-restart'],
      [2, 'repeat-commands'],
      [1, 'short-of-memory'],
      [1, 'short-log'],
      [1, 'redis-forgotten-primary'],
      [2, 'garbage'],
      [2, 'shut-down'],
    ] as const);
    const at = during();
    switch (kind) {
      case 'postgres-failover':
        return { at, kind, ms: random.pick([0, 0, 30, 300]) * random.between(0.5, 1.5) };
      case 'postgres-restore':
        return { at, kind, ms: random.pick([300, 1_500, 4_000]) * random.between(0.5, 1.5) };
      case 'garbage':
        return { at, kind, target: random.pick(KEYS) };
      case 'shut-down':
        return { at, kind, target: random.pick(processes), ms: random.pick([150, 1_000, 4_000]) };
      default:
        return { at, kind, ms: random.pick([300, 2_000, 5_000]) };
    }
  });
  const operations = Array.from(
    { length: random.integer(0, 8) },
    (): Operation => ({
      at: during(),
      kind: random.weighted([
        [3, 'rewrite'],
        [2, 'sql-rewrite'],
        [1, 'invalidate-all'],
        [1, 'strong-invalidate-all'],
        [1, 'sql-invalidate'],
        [1, 'sql-malformed'],
      ] as const),
      replica: random.integer(0, plan.replicas - 1),
      key: random.pick(KEYS),
      value: random.integer(10, 99),
    }),
  );
  return together(plan, { operations, faults });
}

function together(plan: Plan, trouble: Trouble): Plan {
  return {
    ...plan,
    operations: [...plan.operations, ...trouble.operations].toSorted((one, other) => one.at - other.at),
    faults: [...plan.faults, ...trouble.faults].toSorted((one, other) => one.at - other.at),
  };
}
