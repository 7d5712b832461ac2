import { join } from 'node:path';
import type { RunSummary, Shortfall, Shortfalls } from '../contract.ts';
import type { FirstLevels } from '../load/watch.ts';
import { startOwnSystem } from '../system/own-system.ts';
import type { ProcessExtras, SystemUnderTest } from '../system/system-under-test.ts';
import { runOnce } from './one-run.ts';
import { needsSentinel, type PlannedRun } from './plan.ts';
import type { Progress } from './progress.ts';
import { summaryLine, violationLines } from './summary-line.ts';

export interface MatrixOptions {
  readonly seconds: number;
  readonly replicas: number;
  readonly rate: number;
  /** For logs and histories. */
  readonly folder: string;
  /** Somebody else's system, which all runs are aimed at; null: one is started. */
  readonly attached: SystemUnderTest | null;
  readonly extras: ProcessExtras;
  readonly signal: AbortSignal;
  /** Whether the runs that are left are no longer wanted; asked after each, with null for one that came to no verdict. */
  readonly enough?: (summary: RunSummary | null) => boolean;
  /** Told of each system that is started, for whoever has to kill it. */
  readonly onSystem: (system: SystemUnderTest) => void;
}

export interface MatrixResult extends Shortfalls {
  readonly summaries: readonly RunSummary[];
}

/** Runs one after the other on the same system, a system for each kind of cache; anew after one that did not come back. */
export async function runMatrix(
  runs: readonly PlannedRun[],
  options: MatrixOptions,
  progress: Progress,
): Promise<MatrixResult> {
  const summaries: RunSummary[] = [];
  const inconclusive: Shortfall[] = [];
  const impossible = new Map<string, Shortfall>();
  let current: { system: SystemUnderTest; sentinel: boolean } | null = null;
  const firstLevels: FirstLevels = new Map();
  let number = 0;
  let started = 0;
  const leave = async () => {
    if (options.attached === null) await current?.system.stop();
    current = null;
    firstLevels.clear();
  };
  try {
    for (const run of runs.toSorted(
      (one, other) => Number(needsSentinel(one.faults)) - Number(needsSentinel(other.faults)),
    )) {
      if (options.signal.aborted) break;
      number += 1;
      const name = nameOf(run);
      progress.begin(`${number} of ${runs.length}  ${name}`);
      const sentinel = needsSentinel(run.faults);
      if (current !== null && current.sentinel !== sentinel) await leave();
      if (current === null) {
        started += 1;
        // Of their own, so that the logs of one that did not come back are kept.
        const folder = join(options.folder, `system-${started}`);
        current = { system: await openSystem({ ...options, folder }, sentinel, progress), sentinel };
      }
      const { system } = current;
      const lacking = missing(run, system);
      if (lacking.length > 0) {
        impossible.set(name, { name, why: `needs ${lacking.join(', ')}` });
        continue;
      }
      try {
        const { summary, hasRecovered } = await runOnce({
          ...run,
          system,
          firstLevels,
          seconds: options.seconds,
          rate: options.rate,
          folder: join(options.folder, 'histories'),
          signal: options.signal,
          onPhase: (phase, operations) => progress.phase(phase, operations),
        });
        summaries.push(summary);
        progress.say(summaryLine(summary));
        for (const line of violationLines(summary)) progress.say(line);
        if (summary.nothingShown !== undefined) inconclusive.push({ name, why: summary.nothingShown });
        if (options.enough?.(summary)) break;
        if (!hasRecovered) await leave();
      } catch (error) {
        if (options.signal.aborted) break;
        const why = error instanceof Error ? error.message : String(error);
        inconclusive.push({ name, why });
        progress.say(`${name}  NOTHING SHOWN: ${why}`);
        if (options.enough?.(null)) break;
        await leave();
      }
    }
  } finally {
    await leave();
  }
  return { summaries, inconclusive, impossible: [...impossible.values()] };
}

function nameOf({ faults }: PlannedRun): string {
  return faults.length === 0 ? 'peace' : faults.map(({ name }) => name).join(' + ');
}

function missing({ faults }: PlannedRun, { capabilities }: SystemUnderTest): string[] {
  return faults.flatMap(({ needs }) => needs.filter((need) => !capabilities.has(need)));
}

async function openSystem(
  options: MatrixOptions,
  sentinel: boolean,
  progress: Progress,
): Promise<SystemUnderTest> {
  if (options.attached !== null) return options.attached;
  progress.phase(sentinel ? 'starts the system, its cache a Sentinel group' : 'starts the system', () => 0);
  const system = await startOwnSystem(
    {
      replicas: options.replicas,
      sentinel,
      extras: options.extras,
      folder: options.folder,
      report: () => {},
    },
    options.signal,
  );
  options.onSystem(system);
  return system;
}
