import type { OperationRecord } from '../contract.ts';
import type { Findings } from './findings.ts';
import type { KeyHistory } from './recorded-run.ts';
import { isAbsence, isDeletion } from './rows.ts';
import type { Timeline } from './timeline.ts';

/** What had ended, in the order of the ends, with the highest position that anything up to there is proof of. */
interface Proof {
  readonly end: number;
  readonly position: number;
  readonly operation: OperationRecord;
}

/**
 * There is one order of all reads and writes of a key that respects real time. The states of a key are in the order of their commits
 * already, so a register with versions is linearizable exactly if, whenever one operation had ended before another began, the
 * other's state is not the older one (and is a later one, if the other is the write that made it). That nothing is seen before it
 * can have been made, `no-phantom` says of all rows. One pass in the order of the ends, with one binary search for each operation:
 * O(n log n).
 *
 * An answer that there is no row names no state. It is taken for the oldest that it can be: a later operation that is refused
 * then is refused rightly.
 */
export function checkLinearizable({ operations }: KeyHistory, timeline: Timeline, findings: Findings): void {
  const proofs: Proof[] = [];
  const answered = operations
    .filter((operation) => operation.outcome === 'ok' || isAbsence(operation))
    .toSorted((one, other) => one.end - other.end);
  for (const operation of answered) {
    findings.judged(operation);
    const before = lastBefore(proofs, operation.start);
    const least = before?.position ?? 0;
    const position = isAbsence(operation)
      ? timeline.firstGapAt(operation.end, least)
      : operation.version === null
        ? undefined
        : timeline.positionOf(operation.version);
    // A write is later than what was there before; a read may be of the same. So may a deletion, if the row may have been
    // created in between.
    const isRead = operation.op === 'read' || isAbsence(operation);
    const maySame = isRead || (isDeletion(operation) && timeline.unseenFrom <= operation.end);
    const floor = maySame || before === undefined ? least : least + 1;
    if (position === undefined || position < floor) {
      findings.violated(
        tooOld(operation, before, timeline),
        operation,
        ...(before ? [before.operation] : []),
      );
      continue;
    }
    const last = proofs.at(-1);
    const newer = last === undefined || position > last.position;
    proofs.push(newer ? { end: operation.end, position, operation } : { ...last, end: operation.end });
  }
}

/** The proof that had been given when this began. */
function lastBefore(proofs: readonly Proof[], start: number): Proof | undefined {
  let low = 0;
  let high = proofs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((proofs[middle]?.end ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return proofs[low - 1];
}

function tooOld(operation: OperationRecord, before: Proof | undefined, timeline: Timeline): string {
  const { rows } = timeline;
  const known = before === undefined ? undefined : rows[(before.position - 1) / 2]?.version;
  const had =
    before === undefined
      ? 'there had to be a row'
      : `${known ?? 'its deletion'} had been written or read before it was asked`;
  return `${nameOf(operation)} although ${had}`;
}

function nameOf({ via, op, key, version, layer }: OperationRecord): string {
  return `${via} answered a ${op} of ${key} with version ${version ?? 'none'}${layer === null ? '' : ` from ${layer}`}`;
}
