import type { Findings } from './findings.ts';
import { recoveryOf } from './fault-windows.ts';
import type { RecordedRun } from './recorded-run.ts';

const READY_WITHIN_MS = 30_000;

/** Every process is ready again within 30 s after the last fault was taken back, and is ready in the end. */
export function checkReadiness(run: RecordedRun, findings: Findings): void {
  const last = new Map<string, boolean>();
  for (const probe of run.probes) if (probe.what === 'ready') last.set(probe.process, probe.ready);
  for (const [process, ready] of last) {
    findings.judged();
    if (!ready) findings.violated(`${process} is not ready in the end`);
  }
  for (const probe of run.probes) {
    if (probe.what !== 'recovery') continue;
    findings.judged();
    if (probe.failure !== null) findings.violated(`the system was never well again: ${probe.failure}`);
  }
  const readyMs = recoveryOf(run)?.readyMs;
  if (readyMs === undefined) return;
  if (readyMs === null) {
    findings.violated('after the fault was taken back not every process was ready again: never');
    return;
  }
  findings.measured(readyMs);
  if (readyMs > READY_WITHIN_MS)
    findings.violated(`it took ${(readyMs / 1_000).toFixed(1)} s until every process was ready again`);
}
