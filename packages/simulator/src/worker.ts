import { makePlan } from './make-plan.ts';
import { add, nothingRun, type Range, type RangeResult } from './range.ts';
import { runPlan } from './run.ts';

process.on('message', (range: Range) => {
  void runRange(range).then((result) => process.send?.(result));
});

async function runRange({ from, count }: Range): Promise<RangeResult> {
  const totals = nothingRun();
  for (let seed = from; seed < from + count; seed++) {
    const { violations, events, records, layers } = await runPlan(makePlan(seed));
    const failures = violations.slice(0, 1).map(({ rule, message }) => ({ seed, rule, message }));
    add(totals, { schedules: 1, events, operations: records.length, layers, failures });
  }
  return totals;
}
