import type { OperationRecord } from '../contract.ts';
import type { Findings } from './findings.ts';
import type { KeyHistory } from './recorded-run.ts';
import { isAbsence } from './rows.ts';
import type { Timeline } from './timeline.ts';

/**
 * No answer had been overwritten for longer than `maxStalenessMs` when it was asked for. What overwrote it was there for certain
 * once its write was answered, or once anybody had seen it; so the staleness that is found is never more than the true one. An
 * answer that there is no row is taken for the newest time without a row that it can have seen.
 */
export function checkStaleness(
  { operations }: KeyHistory,
  timeline: Timeline,
  maxStalenessMs: number,
  findings: Findings,
): void {
  for (const read of operations) {
    if (read.op !== 'read' || read.outcome !== 'ok') continue;
    findings.judged(read);
    const staleFor = stalenessOf(read, timeline);
    if (staleFor === undefined) continue;
    // What an exemption excuses is not what the caches do at their worst.
    if (staleFor > 0 && findings.excuseFor(read) === undefined) findings.measured(staleFor);
    if (staleFor <= maxStalenessMs) continue;
    findings.violated(
      `${read.via} answered ${read.kind} ${read.key} in version ${read.version ?? 'none'} from ${read.layer ?? 'somewhere'}, ` +
        `which had been overwritten ${staleFor.toFixed(0)} ms before`,
      read,
    );
  }
}

/** Milliseconds, at least; undefined for an answer that nothing explains. */
export function stalenessOf(read: OperationRecord, timeline: Timeline): number | undefined {
  const position = positionRead(read, timeline);
  return position === undefined ? undefined : Math.max(0, read.start - timeline.overwrittenBy(position));
}

/** The newest state that this answer can have been. */
export function positionRead(read: OperationRecord, timeline: Timeline): number | undefined {
  if (isAbsence(read)) return timeline.lastGapAt(read.end);
  return read.version === null ? undefined : timeline.positionOf(read.version);
}
