import type { Violation } from './history.ts';
import type { Plan } from './plan.ts';
import { runPlan } from './run.ts';

/**
 * The smallest schedule found that still breaks the same rule: operations and faults are left out, many at a time at
 * first. Each actor draws from a stream of its own, so the rest goes on nearly as before.
 */
export async function shrink(plan: Plan, rule: Violation['rule']): Promise<Plan> {
  const breaks = async (candidate: Plan): Promise<boolean> =>
    (await runPlan(candidate)).violations.some((violation) => violation.rule === rule);
  let smallest = plan;
  for (let size = -1; size !== weight(smallest); ) {
    size = weight(smallest);
    smallest = await leaveOut(smallest, 'faults', breaks);
    smallest = await leaveOut(smallest, 'operations', breaks);
    for (const fewer of ['relays', 'replicas'] as const) {
      const candidate = { ...smallest, [fewer]: smallest[fewer] - 1 };
      if (candidate[fewer] > 0 && (await breaks(candidate))) smallest = candidate;
    }
  }
  return smallest;
}

async function leaveOut(
  plan: Plan,
  what: 'faults' | 'operations',
  breaks: (candidate: Plan) => Promise<boolean>,
): Promise<Plan> {
  let smallest = plan;
  for (
    let chunk = Math.ceil(plan[what].length / 2);
    chunk >= 1;
    chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)
  ) {
    for (let start = 0; start < smallest[what].length; ) {
      const candidate = { ...smallest, [what]: smallest[what].toSpliced(start, chunk) };
      if (await breaks(candidate)) smallest = candidate;
      else start += chunk;
    }
  }
  return smallest;
}

function weight({ operations, faults, replicas, relays }: Plan): number {
  return operations.length + faults.length + replicas + relays;
}
