import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import type { InvariantVerdict, RunSummary, Shortfall, Shortfalls } from '../contract.ts';
import { nameOf } from './run-name.ts';

/** What is kept of one run. */
export interface StoredRun {
  /** Names; none: in peace. */
  readonly faults: readonly string[];
  readonly seed: number;
  readonly seconds: number;
  /** Judged. */
  readonly operations: number;
  readonly sent: number;
  readonly failed: number;
  readonly unknown: number;
  readonly recoveryMs: number | null;
  readonly invariants: readonly Omit<InvariantVerdict, 'violations' | 'unseen'>[];
  readonly mutant?: RunSummary['mutant'];
}

/** Runs of one evening, and where. */
export interface Batch extends Partial<Shortfalls> {
  /** ISO 8601. */
  readonly at: string;
  readonly machine: string;
  readonly runs: readonly StoredRun[];
}

/** The matrix and the planted bugs are run at different times: each replaces only its own part of the report. */
export interface StoredReport {
  readonly matrix: Batch | null;
  readonly mutants: Batch | null;
}

/** An empty one when there is none yet. */
export async function readReport(file: string): Promise<StoredReport> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? { matrix: null, mutants: null } : JSON.parse(text);
}

/** Runs of before stay where they were not made again; but a matrix that begins in peace is a whole one, and takes their place. */
export function withRuns(
  report: StoredReport,
  runs: readonly RunSummary[],
  now: Date,
  shortfalls: Shortfalls = { inconclusive: [], impossible: [] },
): StoredReport {
  const about = { at: now.toISOString(), machine: machine() };
  const honest = runs.filter(({ mutant }) => mutant === undefined).map(storedRun);
  const planted = runs.filter(({ mutant }) => mutant !== undefined).map(storedRun);
  const { inconclusive, impossible } = shortfalls;
  const again = new Set([...honest.map(nameOf), ...[...inconclusive, ...impossible].map(({ name }) => name)]);
  const isWhole = honest.some(({ faults }) => faults.length === 0);
  const old = isWhole ? null : report.matrix;
  const lacking = (of: keyof Shortfalls): Shortfall[] => [
    ...(old?.[of] ?? []).filter(({ name }) => !again.has(name)),
    ...shortfalls[of],
  ];
  const matrix = {
    ...about,
    runs: [...(old?.runs ?? []).filter((run) => !again.has(nameOf(run))), ...honest],
    inconclusive: lacking('inconclusive'),
    impossible: lacking('impossible'),
  };
  const hunted = new Set(planted.map(({ mutant }) => mutant?.name));
  const earlier = (report.mutants?.runs ?? []).filter(({ mutant }) => !hunted.has(mutant?.name));
  return {
    matrix: again.size === 0 ? report.matrix : matrix,
    mutants: planted.length === 0 ? report.mutants : { ...about, runs: [...earlier, ...planted] },
  };
}

function storedRun({ faults, seed, seconds, verdict, mutant }: RunSummary): StoredRun {
  const { operations, sent, failed, unknown, recoveryMs } = verdict;
  const invariants = verdict.invariants.map(
    ({ id, checked, violationCount, unseenCount, exempted, worst }) => ({
      id,
      checked,
      violationCount,
      unseenCount,
      exempted,
      ...(worst === undefined ? {} : { worst }),
    }),
  );
  const run = { faults, seed, seconds, operations, sent, failed, unknown, recoveryMs, invariants };
  return mutant === undefined ? run : { ...run, mutant };
}

function machine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory} GB, ${type()} ${release()}, Node ${process.version}`;
}
