import { parseArgs } from 'node:util';
import { runSeeds } from './fleet.ts';
import { makePlan } from './make-plan.ts';
import { narrate, sentence } from './report.ts';
import { runPlan } from './run.ts';
import { shrink } from './shrink.ts';

/** The rest would only repeat the same story. */
const MOST_TOLD = 10;

const HELP = `Runs the real cache and relay through seeded schedules in virtual time.

  pnpm simulate                     2,000 schedules
  pnpm simulate --count 1000000     overnight
  pnpm simulate --from 1000001      other seeds
  pnpm simulate --seed 3815         one schedule: what happened, shrunk to what matters if it broke a promise`;

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else if (values.seed === undefined)
  process.exitCode = await runMany(wholeNumber(values.from), wholeNumber(values.count));
else process.exitCode = await replay(wholeNumber(values.seed));

async function runMany(from: number, count: number): Promise<number> {
  const startedAt = performance.now();
  const totals = await runSeeds({ from, count }, ({ schedules, failures }) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r${schedules} of ${count} schedules, ${failures.length} broken`);
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const { schedules, operations, events, layers, failures } = totals;
  const seconds = (performance.now() - startedAt) / 1_000;
  const reads = layers.l1 + layers.l2 + layers.origin;
  const share = (part: number): string => `${((100 * part) / reads).toFixed(0)} %`;
  console.log(
    `${schedules} schedules, ${operations} operations, ${events} events in ${seconds.toFixed(1)} s; ` +
      `reads: ${share(layers.l1)} L1, ${share(layers.l2)} L2, ${share(layers.origin)} origin`,
  );
  for (const { seed, rule, message } of failures.slice(0, MOST_TOLD)) {
    console.log(`seed ${seed} broke a promise: ${rule}: ${message}\n  see it: pnpm simulate --seed ${seed}`);
  }
  console.log(
    failures.length === 0 ? 'No promise was broken.' : `${failures.length} schedules broke a promise.`,
  );
  return failures.length === 0 ? 0 : 1;
}

async function replay(seed: number): Promise<number> {
  const plan = makePlan(seed);
  const [violation] = (await runPlan(plan)).violations;
  if (violation === undefined) {
    console.log(await narrate(plan));
    console.log(`Seed ${seed} breaks no promise.`);
    return 0;
  }
  console.log(`Seed ${seed} breaks a promise: ${sentence(violation)}\nShrinking…`);
  const small = await shrink(plan, violation.rule);
  console.log(await narrate(small));
  console.log(`The plan, for a regression test:\n${JSON.stringify(small, null, 2)}`);
  return 1;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`${text} is no whole number.\n\n${HELP}`);
  process.exit(2);
}
