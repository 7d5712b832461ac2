import { positionRead } from './bounded-staleness.ts';
import type { Findings } from './findings.ts';
import type { KeyHistory } from './recorded-run.ts';
import type { Timeline } from './timeline.ts';

/** Who asked for at least some version got it, or a later state. */
export function checkSessionOrder({ operations }: KeyHistory, timeline: Timeline, findings: Findings): void {
  for (const read of operations) {
    if (read.op !== 'read' || read.outcome !== 'ok' || read.minVersion === undefined) continue;
    findings.judged(read);
    const least = timeline.positionOf(read.minVersion);
    const position = positionRead(read, timeline);
    if (least === undefined || position === undefined || position >= least) continue;
    findings.violated(
      `${read.session} asked ${read.via} for ${read.kind} ${read.key} in at least version ${read.minVersion}, got ${read.version ?? 'none'}`,
      read,
    );
  }
}
