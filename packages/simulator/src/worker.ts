import { makePlan } from './make-plan.ts';
import { runPlan } from './run.ts';

/** What the parent asks for: seeds `from` to `from + count − 1`. */
export interface Range {
  from: number;
  count: number;
}

export interface RangeResult {
  schedules: number;
  events: number;
  operations: number;
  layers: { l1: number; l2: number; origin: number };
  failures: { seed: number; rule: string; message: string }[];
}

process.on('message', (range: Range) => {
  void runRange(range).then((result) => process.send?.(result));
});

async function runRange({ from, count }: Range): Promise<RangeResult> {
  const result: RangeResult = {
    schedules: count,
    events: 0,
    operations: 0,
    layers: { l1: 0, l2: 0, origin: 0 },
    failures: [],
  };
  for (let seed = from; seed < from + count; seed++) {
    const { violations, events, records, layers } = await runPlan(makePlan(seed));
    result.events += events;
    result.operations += records.length;
    for (const layer of ['l1', 'l2', 'origin'] as const) result.layers[layer] += layers[layer];
    const [first] = violations;
    if (first !== undefined) result.failures.push({ seed, rule: first.rule, message: first.message });
  }
  return result;
}
