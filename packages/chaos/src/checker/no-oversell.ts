import type { OperationRecord } from '../contract.ts';
import type { Findings } from './findings.ts';
import type { KeyHistory } from './recorded-run.ts';
import { isWrite, type Row } from './rows.ts';
import type { Timeline } from './timeline.ts';

/**
 * Each reservation took its units from what was there, once. So the quantity that it left is the one before it less its own units,
 * and less units of reservations of which nobody knows what came of them, if there are such.
 */
export function checkOversell({ operations, key }: KeyHistory, timeline: Timeline, findings: Findings): void {
  for (const operation of operations) {
    if (operation.op !== 'reserve' || operation.status !== 409 || typeof operation.value !== 'number')
      continue;
    findings.judged(operation);
    if (operation.value >= (operation.amount ?? 0))
      findings.violated(
        `${operation.via} refused ${operation.amount} units of ${key} although ${operation.value} were there`,
        operation,
      );
  }

  const seen = new Set(timeline.rows.flatMap(({ write }) => (write === null ? [] : [write.id])));
  const doubtful = operations
    .filter((operation) => isWrite(operation) && operation.outcome === 'unknown' && !seen.has(operation.id))
    .toSorted((one, other) => one.start - other.start);
  const doubts = new Doubts(doubtful);
  let previous: Row | undefined;
  for (const row of timeline.rows) {
    doubts.until(row.by);
    const { write, value } = row;
    if (write?.op === 'reserve' && write.outcome === 'ok' && typeof value === 'number') {
      findings.judged(write);
      const amount = write.amount ?? 0;
      if (value < 0 || !doubts.explain(previous?.value, value + amount)) {
        findings.violated(
          `a reservation of ${amount} units of ${key} left ${value}, of the ${previous?.value ?? 'unknown number'} that were there`,
          write,
          ...(previous?.write ? [previous.write] : []),
        );
      }
    }
    previous = row;
  }
}

/** Writes that may have happened unseen: what they can have made of a quantity. */
class Doubts {
  readonly #waiting: OperationRecord[];
  readonly #bases: number[] = [];
  #units = 0;

  constructor(waiting: readonly OperationRecord[]) {
    this.#waiting = waiting.toReversed();
  }

  /** Takes in those that had begun. */
  until(time: number): void {
    for (;;) {
      const next = this.#waiting.at(-1);
      if (next === undefined || next.start > time) return;
      this.#waiting.pop();
      if (next.op === 'reserve') this.#units += next.amount ?? 0;
      else if (typeof next.value === 'number') this.#bases.push(next.value);
    }
  }

  /** Whether `found` can have become of `base`, or of what may have been written since. What was needed for it is gone. */
  explain(base: number | string | null | undefined, found: number): boolean {
    if (typeof base === 'number' && this.#take(base - found)) return true;
    const index = this.#bases.findIndex((one) => this.#take(one - found));
    if (index === -1) return false;
    this.#bases.splice(index, 1);
    return true;
  }

  #take(units: number): boolean {
    if (units < 0 || units > this.#units) return false;
    this.#units -= units;
    return true;
  }
}
