import type { Findings } from './findings.ts';
import type { RecordedRun } from './recorded-run.ts';

/** A dead letter says why it is one; and after the quiet no invalidation still waits. */
export function checkDeadLetters({ probes }: RecordedRun, findings: Findings): void {
  for (const probe of probes) {
    if (probe.what === 'dead-letter') {
      findings.judged();
      if (probe.reason === null || probe.reason === '')
        findings.violated(`the dead letter ${probe.id} of ${probe.domain} has no reason`);
    }
    if (probe.what === 'pending') {
      findings.judged();
      if (probe.count > 0)
        findings.violated(`${probe.count} invalidations of ${probe.domain} still wait after the quiet`);
    }
  }
}
