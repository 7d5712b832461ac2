import type { OperationRecord } from '../contract.ts';
import { faultWindows, recoveryOf } from './fault-windows.ts';
import type { Findings } from './findings.ts';
import type { RecordedRun } from './recorded-run.ts';

/** Fewer reads say nothing about a share. */
const ENOUGH_READS = 200;
/** Far below what healthy memories answer, far above what a cache does that has turned itself off. */
const LEAST_SHARE = 0.05;

/**
 * In calm weather every replica answers from memory: a cache that had turned itself off would keep all the other promises.
 * Calm is before the first fault, and after the last, once the system is well again. Measured: the lowest share, in percent.
 */
export function checkL1Share(run: RecordedRun, findings: Findings): void {
  for (const [when, reads] of Object.entries(calmReads(run))) {
    for (const { name } of run.run?.replicas ?? []) {
      const own = reads.filter(({ via }) => via === name);
      if (own.length < ENOUGH_READS) continue;
      findings.judged();
      const share = own.filter(({ layer }) => layer === 'l1').length / own.length;
      findings.measured(100 * share, 'lower');
      if (share < LEAST_SHARE)
        findings.violated(
          `${name} answered ${(100 * share).toFixed(1)} % of ${own.length} reads from memory ${when}`,
        );
    }
  }
}

function calmReads(run: RecordedRun): Record<string, OperationRecord[]> {
  const reads = run.operations.filter(({ op, outcome }) => op === 'read' && outcome === 'ok');
  const windows = faultWindows(run.faults);
  if (windows.length === 0) return { 'without a fault': reads };
  const first = Math.min(...windows.map(({ injectedAt }) => injectedAt));
  const healed = Math.max(...windows.map(({ healedAt }) => healedAt));
  const wellAt = healed + (recoveryOf(run)?.wellMs ?? Number.POSITIVE_INFINITY);
  return {
    'before the fault': reads.filter(({ end }) => end < first),
    'after the fault': reads.filter(({ start }) => start > wellAt),
  };
}
