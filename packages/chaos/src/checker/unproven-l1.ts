import { faultWindows } from './fault-windows.ts';
import type { Findings } from './findings.ts';
import type { RecordedRun } from './recorded-run.ts';

/**
 * A replica that cannot prove its memory fresh does not answer from it for longer than `maxStalenessMs`. Which replicas cannot is
 * what the fault says that cut them off; how long they went on answering is what clients saw.
 */
export function checkUnprovenL1(run: RecordedRun, maxStalenessMs: number, findings: Findings): void {
  for (const { name, provenAt, healedAt, unproven } of faultWindows(run.faults)) {
    if (unproven.length === 0) continue;
    for (const read of run.operations) {
      const { op, kind, start, end, via, layer } = read;
      // Fresh to its TTL, and no better: it needs no proof.
      if (kind === 'summary') continue;
      // One that ended after the healing may have been answered after it.
      if (op !== 'read' || start < provenAt || end > healedAt || !unproven.includes(via)) continue;
      findings.judged(read);
      if (layer !== 'l1') continue;
      findings.measured(start - provenAt);
      if (start - provenAt > maxStalenessMs)
        findings.violated(
          `${via} answered ${read.kind} ${read.key} from memory ${(start - provenAt).toFixed(0)} ms after ${name} had cut it off`,
          read,
        );
    }
  }
}
