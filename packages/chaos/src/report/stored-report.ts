import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import type { InvariantVerdict, RunSummary } from '../contract.ts';

/** What is kept of one run. */
export interface StoredRun {
  /** Names; none: in peace. */
  readonly faults: readonly string[];
  readonly seed: number;
  readonly seconds: number;
  readonly operations: number;
  readonly failed: number;
  readonly unknown: number;
  readonly recoveryMs: number | null;
  readonly invariants: readonly Omit<InvariantVerdict, 'violations'>[];
  readonly mutant?: RunSummary['mutant'];
}

/** Runs of one evening, and where. */
export interface Batch {
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

export function withRuns(report: StoredReport, runs: readonly RunSummary[], now: Date): StoredReport {
  const batch = (chosen: readonly RunSummary[], old: Batch | null): Batch | null =>
    chosen.length === 0 ? old : { at: now.toISOString(), machine: machine(), runs: chosen.map(storedRun) };
  return {
    matrix: batch(
      runs.filter(({ mutant }) => mutant === undefined),
      report.matrix,
    ),
    mutants: batch(
      runs.filter(({ mutant }) => mutant !== undefined),
      report.mutants,
    ),
  };
}

function storedRun({ faults, seed, seconds, verdict, mutant }: RunSummary): StoredRun {
  const { operations, failed, unknown, recoveryMs } = verdict;
  const invariants = verdict.invariants.map(({ id, checked, violationCount, exempted, worst }) => ({
    id,
    checked,
    violationCount,
    exempted,
    ...(worst === undefined ? {} : { worst }),
  }));
  const run = { faults, seed, seconds, operations, failed, unknown, recoveryMs, invariants };
  return mutant === undefined ? run : { ...run, mutant };
}

function machine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory} GB, ${type()} ${release()}, Node ${process.version}`;
}
