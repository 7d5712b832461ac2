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
  const readyMs = recoveryOf(run)?.readyMs;
  if (readyMs === undefined || readyMs === null) return;
  findings.measured(readyMs);
  if (readyMs > READY_WITHIN_MS)
    findings.violated(`it took ${(readyMs / 1_000).toFixed(1)} s until every process was ready again`);
}
