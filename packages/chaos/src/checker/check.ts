import type { CheckOptions, InvariantId, OperationRecord, Verdict } from '../contract.ts';
import { readHistory } from '../history/read-history.ts';
import { isRefusal } from '../history/refusal.ts';
import { checkAvailability } from './availability.ts';
import { checkStaleness } from './bounded-staleness.ts';
import { checkDeadLetters } from './dead-letters.ts';
import { recoveryOf } from './fault-windows.ts';
import { exemptWindows, Findings } from './findings.ts';
import { checkL1Share } from './l1-share.ts';
import { checkLevels } from './levels.ts';
import { checkLinearizable } from './linearizable-stock.ts';
import { checkLostWrites } from './no-lost-write.ts';
import { checkOversell } from './no-oversell.ts';
import { checkPhantoms } from './no-phantom.ts';
import { checkQuietCaches, checkUnseenMemories } from './quiet-caches.ts';
import { checkReadiness } from './readiness.ts';
import { type RecordedRun, recordedRun } from './recorded-run.ts';
import { checkSessionOrder } from './session-order.ts';
import { timelineOf } from './timeline.ts';
import { checkUnprovenL1 } from './unproven-l1.ts';

/** What every shipped bounded entity promises. */
const MAX_STALENESS_MS = 2_000;

/** Judges a whole history, afterwards. It knows nothing of the system but what clients saw. */
export async function check(historyFile: string, options: CheckOptions = {}): Promise<Verdict> {
  return checkRun(await recordedRun(readHistory(historyFile)), options);
}

export function checkRun(run: RecordedRun, options: CheckOptions = {}): Verdict {
  const { maxStalenessMs = MAX_STALENESS_MS, exemptions = [] } = options;
  const all: Findings[] = [];
  const judged = new Set<OperationRecord>();
  const begin = (id: InvariantId): Findings => {
    const findings = new Findings(id, exemptWindows(id, exemptions, run.faults), judged);
    all.push(findings);
    return findings;
  };
  const staleness = begin('bounded-staleness');
  const linearizable = begin('linearizable-stock');
  const sessions = begin('session-order');
  const oversell = begin('no-oversell');
  const lost = begin('no-lost-write');
  const phantoms = begin('no-phantom');
  const quiet = begin('quiet-caches-equal-postgres');
  for (const history of run.keys) {
    const timeline = timelineOf(history, maxStalenessMs);
    checkStaleness(history, timeline, maxStalenessMs, staleness);
    checkSessionOrder(history, timeline, sessions);
    if (history.kind === 'stock') checkLinearizable(history, timeline, linearizable);
    if (history.kind === 'stock' || history.kind === 'shared-stock')
      checkOversell(history, timeline, oversell);
    checkLostWrites(history, timeline, lost);
    checkPhantoms(history, timeline, phantoms);
    checkQuietCaches(history, quiet);
  }
  checkL1Share(run, begin('l1-share'));
  checkUnseenMemories(run, quiet);
  checkAvailability(run, begin('availability'));
  checkUnprovenL1(run, maxStalenessMs, begin('no-unproven-l1'));
  checkReadiness(run, begin('readiness'));
  checkLevels(run, begin('levels'));
  checkDeadLetters(run, begin('dead-letters'));
  return {
    operations: judged.size,
    sent: run.operations.length,
    failed: run.operations.filter((one) => one.outcome === 'failed' && !isRefusal(one)).length,
    unknown: run.operations.filter(({ outcome }) => outcome === 'unknown').length,
    invariants: all.map((findings) => findings.verdict()),
    recoveryMs: recoveryOf(run)?.wellMs ?? null,
  };
}
