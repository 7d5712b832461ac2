import type { RunSummary } from '../contract.ts';
import type { PlantedBug } from '../mutants/mutants.ts';
import { withPatches } from '../mutants/patches.ts';
import { type MatrixOptions, runMatrix } from './matrix.ts';
import { faultNamed, type PlannedRun } from './plan.ts';
import type { Progress } from './progress.ts';
import { violationsOf } from './summary-line.ts';

const FOUND_WITHIN_S = 120;

export interface HuntResult {
  readonly bug: PlantedBug;
  /** From the first operation to the verdict; null: not in time. */
  readonly foundAfterSeconds: number | null;
  readonly summaries: readonly RunSummary[];
}

/** Runs the system with one safeguard left out, under the faults that should show it, until a violation is found or the time is up. */
export async function huntBug(
  bug: PlantedBug,
  seed: number,
  options: Omit<MatrixOptions, 'extras'>,
  progress: Progress,
): Promise<HuntResult> {
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  const summaries: RunSummary[] = [];
  const mutated = { ...options, extras: withPatches([bug.patch]) };
  for (let round = 0; seconds() < FOUND_WITHIN_S && !options.signal.aborted; round++) {
    const run: PlannedRun = { faults: bug.faults.map(faultNamed), seed: seed + round };
    const result = await runMatrix([run], mutated, progress);
    const [summary] = result.summaries;
    if (summary === undefined) continue;
    const found = violationsOf(summary.verdict) > 0;
    const foundAfterSeconds = found ? Math.round(seconds()) : null;
    summaries.push({ ...summary, mutant: { name: bug.patch.name, foundAfterSeconds } });
    if (found) return { bug, foundAfterSeconds, summaries };
  }
  return { bug, foundAfterSeconds: null, summaries };
}
