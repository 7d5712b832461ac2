import { isOfTheLoad } from '../history/of-the-load.ts';
import { isRefusal } from '../history/refusal.ts';
import { calmOf, isWithin } from './fault-windows.ts';
import type { Findings } from './findings.ts';
import type { RecordedRun } from './recorded-run.ts';

/** Fewer operations say nothing about a share. */
const ENOUGH_OPERATIONS = 200;
/** Not none: on a machine that does other things too, a client now and then waits for longer than it does. */
const MOST_UNANSWERED = 0.01;

/**
 * In calm weather what is asked is answered; refusals for a reason of their own are answers. A system that answered nothing would
 * keep all the other promises. Measured: the highest share that was not answered, in percent.
 */
export function checkAvailability(run: RecordedRun, findings: Findings): void {
  const load = run.operations.filter(isOfTheLoad);
  for (const calm of calmOf(run)) {
    const operations = load.filter((operation) => isWithin(operation, calm));
    if (operations.length < ENOUGH_OPERATIONS) {
      findings.unseen(`only ${operations.length} operations ${calm.when}`);
      continue;
    }
    findings.judged(operations.length);
    const unanswered = operations.filter((one) => one.outcome !== 'ok' && !isRefusal(one));
    const share = unanswered.length / operations.length;
    findings.measured(100 * share);
    if (share > MOST_UNANSWERED)
      findings.violated(
        `${unanswered.length} of ${operations.length} operations were not answered well ${calm.when}`,
        ...unanswered.slice(0, 10),
      );
  }
}
