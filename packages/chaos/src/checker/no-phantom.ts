import { positionRead } from './bounded-staleness.ts';
import type { Findings } from './findings.ts';
import type { KeyHistory } from './recorded-run.ts';
import type { Timeline } from './timeline.ts';

/** What is read was written: by somebody, with this value, before the answer; and a write that was refused left nothing. */
export function checkPhantoms({ operations }: KeyHistory, timeline: Timeline, findings: Findings): void {
  for (const { message, operations: shown } of timeline.problems) findings.violated(message, ...shown);
  for (const read of operations) {
    if (read.op !== 'read' || read.outcome !== 'ok') continue;
    findings.judged(read);
    const position = positionRead(read, timeline);
    if (position !== undefined && read.end < timeline.notBefore(position))
      findings.violated(
        `${read.via} answered ${read.kind} ${read.key} in version ${read.version ?? 'none'} before it was written`,
        read,
      );
  }
}
