import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listenForStop, type StopRequest } from '@freshet/local/system';
import type { RunSummary, Shortfalls } from './contract.ts';
import { faults } from './faults/index.ts';
import { mutants, type PlantedBug } from './mutants/mutants.ts';
import { type Options, readOptions, usage } from './options.ts';
import { nameOf } from './report/run-name.ts';
import { writeReport } from './report/write-report.ts';
import { huntBug } from './run/hunt.ts';
import { judgeFolder } from './run/judge.ts';
import { type MatrixOptions, runMatrix } from './run/matrix.ts';
import { planRuns } from './run/plan.ts';
import { Progress } from './run/progress.ts';
import { summaryLine, totalsLine, violationLines, violationsOf } from './run/summary-line.ts';
import { attachSystem } from './system/attached-system.ts';
import type { SystemUnderTest } from './system/system-under-test.ts';

const FOLDER = fileURLToPath(new URL('../../../.freshet/chaos', import.meta.url));
const CI_SECONDS = 3;

const stop = listenForStop();
try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(usage);
  else if (options.list) list();
  else if (options.judgeFolder !== null) {
    if (!(await judge(options.judgeFolder, options.reportFolder))) process.exitCode = 1;
  } else if (!(await run(options, stop))) process.exitCode = 1;
} catch (error) {
  process.exitCode = 1;
  if (!stop.signal.aborted) console.error(error instanceof Error ? error.message : error);
} finally {
  stop.release();
}
// Not left to the event loop: after an hour of cut connections Node was seen to spin for ever while it closed its handles.
process.exit();

/** Judges what was recorded again. Answers whether no promise was broken. */
async function judge(folder: string, reportFolder: string | null): Promise<boolean> {
  const summaries = await judgeFolder(folder, (summary) => {
    console.log(summaryLine(summary));
    for (const line of violationLines(summary)) console.log(line);
  });
  if (summaries.length === 0) throw new Error(`There is no history below ${folder}.`);
  const inconclusive = summaries.flatMap((summary) =>
    summary.nothingShown === undefined ? [] : [{ name: nameOf(summary), why: summary.nothingShown }],
  );
  console.log(`${totalsLine(summaries)}, ${inconclusive.length} runs that showed nothing.`);
  if (reportFolder !== null) await writeReport(summaries, reportFolder, { inconclusive, impossible: [] });
  return inconclusive.length === 0 && summaries.every(({ verdict }) => violationsOf(verdict) === 0);
}

/** Answers whether everything was as it should be. */
async function run(options: Options, requested: StopRequest): Promise<boolean> {
  const { signal } = requested;
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  const systems: SystemUnderTest[] = [];
  requested.onInsist(() => {
    for (const system of systems) system.killAll();
    process.exit(130);
  });
  const matrix = {
    seconds: options.ci ? CI_SECONDS : options.seconds,
    replicas: options.replicas,
    rate: options.rate,
    folder: FOLDER,
    attached: options.systemFile === null ? null : attachSystem(options.systemFile),
    signal,
    onSystem: (system: SystemUnderTest) => systems.push(system),
  };
  const progress = new Progress();
  const { summaries, shortfalls, asItShouldBe } = await (options.mutants.length > 0
    ? hunt(options, matrix, progress)
    : beat(options, matrix, progress)
  ).finally(() => progress.end());
  // What was broken off says nothing about what was not run.
  if (options.reportFolder !== null && summaries.length > 0 && !signal.aborted) {
    await writeReport(summaries, options.reportFolder, shortfalls);
    console.log(`The report is in ${options.reportFolder}.`);
  }
  return asItShouldBe && !signal.aborted;
}

interface Outcome {
  readonly summaries: readonly RunSummary[];
  readonly shortfalls?: Shortfalls;
  readonly asItShouldBe: boolean;
}

async function beat(
  options: Options,
  matrix: Omit<MatrixOptions, 'extras' | 'enough'>,
  progress: Progress,
): Promise<Outcome> {
  const { summaries, inconclusive, impossible } = await runMatrix(
    planRuns(options),
    { ...matrix, extras: {} },
    progress,
  );
  const violations = summaries.reduce((sum, { verdict }) => sum + violationsOf(verdict), 0);
  for (const { name, why } of impossible) progress.say(`Not possible here: ${name} (${why})`);
  for (const { name, why } of inconclusive) progress.say(`Nothing shown: ${name}: ${why}`);
  progress.say(`${totalsLine(summaries)}, ${inconclusive.length} runs that showed nothing.`);
  return {
    summaries,
    shortfalls: { inconclusive, impossible },
    asItShouldBe: violations === 0 && inconclusive.length === 0,
  };
}

async function hunt(
  options: Options,
  matrix: Omit<MatrixOptions, 'extras' | 'enough'>,
  progress: Progress,
): Promise<Outcome> {
  if (matrix.attached !== null)
    throw new Error('A safeguard can be left out only of a system that is started here.');
  const summaries: RunSummary[] = [];
  let missed = 0;
  for (const bug of chosenBugs(options.mutants)) {
    if (matrix.signal.aborted) break;
    const result = await huntBug(
      bug,
      options.seed,
      { ...matrix, folder: join(FOLDER, bug.patch.name) },
      progress,
    );
    summaries.push(...result.summaries);
    if (result.foundAfterSeconds === null) missed += 1;
    const how = result.foundAfterSeconds === null ? 'NOT FOUND' : `found after ${result.foundAfterSeconds} s`;
    progress.say(`${bug.patch.name}: ${how} (${bug.rule})`);
  }
  return { summaries, asItShouldBe: missed === 0 };
}

/** @throws for a name that is not in the list */
function chosenBugs(names: readonly string[]): readonly PlantedBug[] {
  if (names.includes('all')) return mutants;
  return names.map((name) => {
    const bug = mutants.find(({ patch }) => patch.name === name);
    if (bug === undefined) throw new Error(`There is no planted bug '${name}': see --list.`);
    return bug;
  });
}

function list(): void {
  console.log(`${faults.length} faults`);
  for (const { name, about, needs } of faults)
    console.log(`  ${name.padEnd(34)} ${about} [${needs.join(', ')}]`);
  console.log(`\n${mutants.length} planted bugs`);
  for (const { patch, rule, faults: by } of mutants) {
    console.log(`  ${patch.name.padEnd(34)} left out: ${rule} [${by.join(', ')}]`);
  }
}
