import { calmOf, isWithin } from './fault-windows.ts';
import type { Findings } from './findings.ts';
import type { RecordedRun } from './recorded-run.ts';

/** Fewer reads say nothing about a share. */
const ENOUGH_READS = 200;
/** Far below what healthy memories answer, far above what a cache does that has turned itself off. */
const LEAST_SHARE = 0.05;

/**
 * In calm weather every replica answers from memory: a cache that had turned itself off would keep all the other promises.
 * Measured: the lowest share, in percent.
 */
export function checkL1Share(run: RecordedRun, findings: Findings): void {
  const reads = run.operations.filter(({ op, outcome }) => op === 'read' && outcome === 'ok');
  for (const calm of calmOf(run)) {
    for (const { name } of run.run?.replicas ?? []) {
      const own = reads.filter((read) => read.via === name && isWithin(read, calm));
      if (own.length < ENOUGH_READS) {
        findings.unseen(`only ${own.length} reads of ${name} ${calm.when}`);
        continue;
      }
      findings.judged();
      const share = own.filter(({ layer }) => layer === 'l1').length / own.length;
      findings.measured(100 * share, 'lower');
      if (share < LEAST_SHARE)
        findings.violated(
          `${name} answered ${(100 * share).toFixed(1)} % of ${own.length} reads from memory ${calm.when}`,
        );
    }
  }
}
