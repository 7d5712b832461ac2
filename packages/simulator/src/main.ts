import { makePlan } from './plan.ts';
import { runPlan } from './run.ts';
const from = Number(process.argv[2] ?? 1),
  count = Number(process.argv[3] ?? 100);
const started = performance.now();
let events = 0;
const layers = { l1: 0, l2: 0, origin: 0 };
let bad = 0;
for (let seed = from; seed < from + count; seed++) {
  const outcome = await runPlan(makePlan(seed));
  events += outcome.events;
  layers.l1 += outcome.layers.l1;
  layers.l2 += outcome.layers.l2;
  layers.origin += outcome.layers.origin;
  if (outcome.violations.length > 0) {
    bad++;
    console.log(
      seed,
      outcome.violations.slice(0, 3).map((v) => `${v.rule}: ${v.message}`),
    );
    if (bad > 10) break;
  }
}
console.log({ ms: performance.now() - started, events, layers, bad });
