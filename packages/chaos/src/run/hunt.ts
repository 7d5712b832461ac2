import type { RunSummary, Verdict } from '../contract.ts';
import type { PlantedBug } from '../mutants/mutants.ts';
import { withPatches } from '../mutants/patches.ts';
import { type MatrixOptions, runMatrix } from './matrix.ts';
import { faultNamed, type PlannedRun } from './plan.ts';
import type { Progress } from './progress.ts';

const FOUND_WITHIN_S = 120;
/** A round takes longer than a second. */
const MOST_ROUNDS = FOUND_WITHIN_S;

export interface HuntResult {
  readonly bug: PlantedBug;
  /** From the order to start the system to the verdict; null: not in time. */
  readonly foundAfterSeconds: number | null;
  readonly summaries: readonly RunSummary[];
}

/** Runs the system with one safeguard left out, under the faults that should show it, until one that it must cause is found or the time is up. */
export async function huntBug(
  bug: PlantedBug,
  seed: number,
  options: Omit<MatrixOptions, 'extras' | 'enough'>,
  progress: Progress,
): Promise<HuntResult> {
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  const summaries: RunSummary[] = [];
  let foundAfterSeconds: number | null = null;
  const runs: PlannedRun[] = Array.from({ length: MOST_ROUNDS }, (_, round) => ({
    faults: bug.faults.map(faultNamed),
    seed: seed + round,
  }));
  await runMatrix(
    runs,
    {
      ...options,
      extras: withPatches([bug.patch]),
      enough(summary) {
        if (summary === null) return seconds() > FOUND_WITHIN_S;
        if (seconds() <= FOUND_WITHIN_S && shows(bug, summary.verdict))
          foundAfterSeconds = Math.round(seconds());
        summaries.push({ ...summary, mutant: { name: bug.patch.name, foundAfterSeconds } });
        return foundAfterSeconds !== null || seconds() > FOUND_WITHIN_S;
      },
    },
    progress,
  );
  return {
    bug,
    foundAfterSeconds,
    summaries: summaries.length > 0 ? summaries : [withoutVerdict(bug, seed, options.seconds)],
  };
}

/** Whether what is broken is what the bug must break. */
export function shows({ breaks }: PlantedBug, { invariants }: Verdict): boolean {
  return invariants.some(({ id, violationCount }) => violationCount > 0 && breaks.includes(id));
}

/** A hunt in which no run came to an end is in the report too: as one that found nothing. */
function withoutVerdict({ patch, faults }: PlantedBug, seed: number, seconds: number): RunSummary {
  return {
    faults,
    seed,
    seconds,
    historyFile: '',
    verdict: { operations: 0, sent: 0, failed: 0, unknown: 0, invariants: [], recoveryMs: null },
    mutant: { name: patch.name, foundAfterSeconds: null },
  };
}
