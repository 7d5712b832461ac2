import type { Operation, Plan } from './plan.ts';
import { Random } from './world/random.ts';

/**
 * Half of the schedules run with short TTLs, early refreshes, expired values served on errors, and reads of many keys. Drawn from
 * a stream of its own: the rest of the schedule is as it would be without.
 */
export function withGrownCache(plan: Plan): Plan {
  const random = new Random(plan.seed, 'grown cache');
  if (random.chance(0.5)) return plan;
  const many = (operation: Operation): Operation => {
    if (operation.kind === 'read' && random.chance(0.2)) return { ...operation, kind: 'read-many' };
    if (operation.kind === 'strong-read' && random.chance(0.2))
      return { ...operation, kind: 'strong-read-many' };
    return operation;
  };
  const faults = Array.from({ length: random.integer(0, 3) }, () => ({
    at: random.pick(plan.operations).at + random.between(-300, 20),
    kind: 'fail-loads' as const,
    target: `replica-${random.integer(0, plan.replicas - 1)}`,
    ms: random.pick([20, 300, 1_500, 3_000]) * random.between(0.5, 1.5),
  }));
  return {
    ...plan,
    grown: {
      ttlMs: random.pick([1_000, 1_000, 2_000, 60_000]),
      refreshAhead: random.pick([0, 10, 200, 1e9]),
      staleIfErrorMs: random.pick([0, 2_000, 10_000]),
      loadMany: random.chance(0.5),
      loadConcurrency: random.pick([1, 2, 16]),
    },
    operations: plan.operations.map(many),
    faults: [...plan.faults, ...faults].toSorted((one, other) => one.at - other.at),
  };
}
