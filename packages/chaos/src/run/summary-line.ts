import type { InvariantVerdict, RunSummary, Verdict } from '../contract.ts';

/** One run in one line: what was run, how much was checked, what was the worst, and how it went. */
export function summaryLine({ faults, verdict, nothingShown }: RunSummary): string {
  const name = faults.length === 0 ? 'peace' : faults.join(' + ');
  const staleness = verdict.invariants.find(({ id }) => id === 'bounded-staleness')?.worst;
  const parts = [
    name.padEnd(34),
    `${verdict.operations} judged`.padStart(13),
    `of ${verdict.sent} sent`.padStart(14),
    `${verdict.failed + verdict.unknown} not ok`.padStart(13),
    `worst staleness ${staleness === undefined ? '–' : `${staleness.toFixed(0)} ms`}`.padEnd(24),
    `recovered in ${verdict.recoveryMs === null ? '–' : `${(verdict.recoveryMs / 1_000).toFixed(1)} s`}`.padEnd(
      22,
    ),
    ...(violationsOf(verdict) === 0 ? [] : [`${violationsOf(verdict)} VIOLATIONS`]),
    ...(nothingShown === undefined ? [] : [`NOTHING SHOWN: ${nothingShown}`]),
    ...(violationsOf(verdict) === 0 && nothingShown === undefined ? ['held'] : []),
  ];
  return parts.join('  ');
}

/** What all runs came to. */
export function totalsLine(summaries: readonly RunSummary[]): string {
  const operations = summaries.reduce((sum, { verdict }) => sum + verdict.operations, 0);
  const violations = summaries.reduce((sum, { verdict }) => sum + violationsOf(verdict), 0);
  const sent = summaries.reduce((sum, { verdict }) => sum + verdict.sent, 0);
  return `${summaries.length} runs, ${operations} operations checked of ${sent} that were sent, ${violations} violations`;
}

export function violationsOf({ invariants }: Verdict): number {
  return invariants.reduce((sum, { violationCount }) => sum + violationCount, 0);
}

/** The first violations of each invariant that was broken, and what could not be judged. */
export function* violationLines({ verdict, historyFile }: RunSummary): Generator<string> {
  for (const invariant of verdict.invariants.filter(({ violationCount }) => violationCount > 0)) {
    yield* linesOf(invariant);
  }
  for (const { id, unseen, unseenCount } of verdict.invariants) {
    if (unseenCount > 0) yield `    ${id}: ${unseenCount} not seen (${unseen.slice(0, SHOWN).join('; ')})`;
  }
  if (violationsOf(verdict) > 0) yield `    history: ${historyFile}`;
}

const SHOWN = 3;

function* linesOf({ id, violations, violationCount }: InvariantVerdict): Generator<string> {
  yield `    ${id}: ${violationCount}`;
  for (const { message, operations } of violations.slice(0, SHOWN)) {
    yield `      ${message} (operations ${operations.slice(0, 5).join(', ')})`;
  }
}
