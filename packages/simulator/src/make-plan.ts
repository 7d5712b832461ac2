import { withGrownCache } from './grown-cache.ts';
import { withMoreTrouble } from './more-trouble.ts';
import { type Fault, KEYS, type Operation, type Plan } from './plan.ts';
import { cook } from './recipes/recipes.ts';
import { Random } from './world/random.ts';

/** Replicas are registered, the domain is blessed, leases are held, if the network is not slow. */
const WARM_MS = 700;

/** A random schedule: many small ones find more than a few long ones. */
export function makePlan(seed: number): Plan {
  const random = new Random(seed, 'plan');
  const replicas = random.integer(2, 3);
  const relays = random.integer(1, 2);
  const durationMs = random.integer(2_500, 7_500);
  const slowestMs = random.pick([0.5, 2, 8, 25]);
  const count = random.integer(40, 140);
  // Bursts: what matters happens when operations meet.
  const bursts = Array.from({ length: random.integer(2, 8) }, () => random.between(WARM_MS, durationMs));
  const moment = (): number =>
    random.chance(0.7) ? random.pick(bursts) + random.between(0, 30) : random.between(WARM_MS, durationMs);
  const operations = Array.from(
    { length: count },
    (): Operation => ({
      at: moment(),
      kind: random.weighted([
        [40, 'read'],
        [8, 'read-own'],
        [8, 'write'],
        [3, 'delete'],
        [6, 'sql-write'],
        [2, 'sql-delete'],
        [32, 'strong-read'],
        [9, 'strong-write'],
        [5, 'strong-take'],
        [3, 'strong-delete'],
      ] as const),
      replica: random.integer(0, replicas - 1),
      key: random.pick(KEYS),
      value: random.integer(0, 9),
    }),
  ).toSorted((one, other) => one.at - other.at);
  const faults = Array.from(
    {
      length: random.weighted([
        [1, 0],
        [3, 1],
        [4, 2],
        [3, 3],
        [1, 4],
      ] as const),
    },
    () => makeFault(random, { operations, replicas, relays, durationMs, slowestMs }),
  ).toSorted((one, other) => one.at - other.at);
  const schemaVersions = Array.from({ length: replicas }, (_, index) =>
    index > 0 && random.chance(0.15) ? 2 : 1,
  );
  const serve = random.chance(0.15);
  const plan: Plan = {
    seed,
    replicas,
    schemaVersions,
    relays,
    durationMs,
    slowestMs,
    serve,
    operations,
    faults,
  };
  return withMoreTrouble(withGrownCache(random.chance(0.5) ? plan : withRecipe(plan, random)));
}

/** Trouble that was thought of, among a little of what chance brings. */
function withRecipe(plan: Plan, random: Random): Plan {
  const trouble = cook({ ...plan, random, keys: KEYS, at: random.between(2 * WARM_MS, 3 * WARM_MS) });
  const some = plan.operations.filter(() => random.chance(0.3));
  const faults = random.chance(0.3) ? plan.faults.slice(0, 1) : [];
  return {
    ...plan,
    ...trouble.conditions,
    operations: [...some, ...trouble.operations].toSorted((one, other) => one.at - other.at),
    faults: [...faults, ...trouble.faults].toSorted((one, other) => one.at - other.at),
  };
}

function makeFault(
  random: Random,
  {
    operations,
    replicas,
    relays,
    durationMs,
    slowestMs,
  }: Pick<Plan, 'operations' | 'replicas' | 'relays' | 'durationMs' | 'slowestMs'>,
): Fault {
  const processes = [
    ...Array.from({ length: replicas }, (_, index) => `replica-${index}`),
    ...Array.from({ length: relays }, (_, index) => `relay-${index}`),
  ];
  let at = random.between(WARM_MS, durationMs);
  let target = random.pick(processes);
  if (random.chance(0.7)) {
    // Aimed: into the middle of something, mostly at the replica that does it.
    const operation = random.pick(operations);
    at = operation.at + random.between(0, 5 + 12 * slowestMs);
    if (random.chance(0.6)) target = `replica-${operation.replica}`;
  }
  const ms = random.pick([5, 50, 300, 1_000, 1_600, 2_500, 5_000]) * random.between(0.5, 1.5);
  const kind = random.weighted([
    [5, 'kill'],
    [7, 'pause'],
    [2, 'suspend'],
    [2, 'step-clock'],
    [5, 'cut-redis'],
    [5, 'stall-redis'],
    [4, 'cut-postgres'],
    [3, 'stall-postgres'],
    [3, 'lose-doorbells'],
    [1, 'queue-down'],
    [3, 'redis-restart-empty'],
    [2, 'redis-restart-snapshot'],
    [5, 'redis-failover'],
    [2, 'redis-pause'],
    [1, 'flush-all'],
    [2, 'evict'],
    [2, 'trim-log'],
    [3, 'new-schema-version'],
    [2, 'hidden-dead-relays'],
    [2, 'lead-astray'],
    [2, 'slow-loads'],
  ] as const);
  switch (kind) {
    case 'step-clock':
      return { at, kind, target, ms: random.pick([-5_000, -700, -60, 60, 700, 5_000]) };
    case 'stall-redis':
      return { at, kind, target, ms, direction: random.pick(['toServer', 'toClient'] as const) };
    case 'evict':
      return { at, kind, target: random.pick(KEYS) };
    case 'trim-log':
      return { at, kind, ms: random.integer(0, 2) };
    case 'new-schema-version':
      return { at, kind };
    case 'hidden-dead-relays':
      return { at, kind, ms: random.between(2_000, 5_000) };
    default:
      return { at, kind, target, ms };
  }
}
