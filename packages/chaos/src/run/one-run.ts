import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { check } from '../checker/check.ts';
import type { RunSummary } from '../contract.ts';
import type { Fault } from '../faults/index.ts';
import { writeHistory } from '../history/write-history.ts';
import { startLoad } from '../load/start-load.ts';
import { type FirstLevels, probeLevels, startWatch } from '../load/watch.ts';
import { Random } from '../random.ts';
import type { SystemUnderTest } from '../system/system-under-test.ts';
import { exemptions } from './exemptions.ts';
import { runFaults } from './faults-of-a-run.ts';
import { untilRecovered } from './recovered.ts';
import { lackOf } from './shown.ts';

export interface OneRun {
  readonly system: SystemUnderTest;
  /** At the same time; none: what the system does in peace. */
  readonly faults: readonly Fault[];
  readonly seed: number;
  /** How long the faults last. */
  readonly seconds: number;
  /** Operations a second, at most. */
  readonly rate: number;
  /** Of this system, in all of its runs. */
  readonly firstLevels: FirstLevels;
  /** For the history. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told what happens now, and the operations so far. */
  readonly onPhase: (phase: string, operations: () => number) => void;
}

export interface RunOutcome {
  readonly summary: RunSummary;
  /** Whether the system can be used for another run. */
  readonly hasRecovered: boolean;
}

/** Load before the fault, so that caches are warm, and after the recovery, so that it is seen to hold. */
const CALM_MS = 2_000;
const QUIET_MS = 5_000;

/**
 * One history: load, faults in the middle, recovery, quiet, a look around, and the verdict. It is judged also when a fault did
 * not fire, and, without the look around, when the system did not come back.
 *
 * @throws when the system is not well to begin with, or all is called off
 */
export async function runOnce(run: OneRun): Promise<RunOutcome> {
  const { system, faults, seed, seconds, signal } = run;
  const { target } = system;
  const name = faults.length === 0 ? 'peace' : faults.map((fault) => fault.name).join('+');
  await mkdir(run.folder, { recursive: true });
  const historyFile = join(run.folder, `${name}-${seed}.ndjson`);
  const history = writeHistory(historyFile);
  history.append({
    t: 'run',
    seed,
    seconds,
    startedAt: new Date().toISOString(),
    at: performance.now(),
    replicas: target.replicas.map((replica) => ({ name: replica.name, service: replica.service })),
  });
  await untilRecovered(system);
  const watch = startWatch(target, history);
  const load = await startLoad(target, { seed, history, rate: run.rate });
  const phase = (what: string) => run.onPhase(what, () => load.counts.operations);
  let unfired: string | undefined;
  let hasRecovered = false;
  try {
    phase('warm');
    await delay(CALM_MS, undefined, { signal });
    // Under load: pools have grown, and what comes after the quiet must not be above that.
    await probeLevels(system.target, history, 'before', run.firstLevels);
    phase('fault');
    const context = { system, random: new Random(seed), windowMs: seconds * 1_000, signal };
    if (faults.length === 0) await delay(context.windowMs, undefined, { signal });
    else unfired = await failureOf(() => runFaults(faults, context, history), signal);
    phase('recovery');
    const failure = await failureOf(() => untilRecovered(system), signal);
    // While a fault may still last, nobody has to come back.
    if (unfired === undefined)
      history.append({ t: 'probe', what: 'recovery', at: performance.now(), failure: failure ?? null });
    hasRecovered = failure === undefined;
    if (hasRecovered) await delay(CALM_MS, undefined, { signal });
    phase('quiet');
    await load.stop();
    if (hasRecovered) {
      await delay(QUIET_MS, undefined, { signal });
      await load.lookAround();
      await probeLevels(system.target, history, 'after', run.firstLevels);
    }
  } finally {
    await load.stop();
    await watch.stop();
    await history.close();
  }
  phase('check');
  const verdict = await check(historyFile, { exemptions });
  const nothingShown = unfired ?? (hasRecovered ? lackOf(verdict) : undefined);
  const summary = { faults: faults.map((fault) => fault.name), seed, seconds, historyFile, verdict };
  return { hasRecovered, summary: nothingShown === undefined ? summary : { ...summary, nothingShown } };
}

/** What went wrong; undefined for nothing. @throws when all is called off */
async function failureOf(act: () => Promise<void>, signal: AbortSignal): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
