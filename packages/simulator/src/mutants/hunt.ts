import { makePlan } from '../make-plan.ts';
import { runPlan } from '../run.ts';

// Runs schedules until one breaks a promise, or the time is up; says so in one line of JSON.
const [seconds = '60', firstSeed = '1'] = process.argv.slice(2);
const startedAt = performance.now();
const elapsed = (): number => (performance.now() - startedAt) / 1_000;

let seed = Number(firstSeed);
let found: string | null = null;
while (found === null && elapsed() < Number(seconds)) {
  const [violation] = (await runPlan(makePlan(seed))).violations;
  if (violation === undefined) seed++;
  else found = violation.rule;
}
const schedules = seed - Number(firstSeed) + (found === null ? 0 : 1);
console.log(JSON.stringify({ found, seed, schedules, seconds: Number(elapsed().toFixed(1)) }));
