import type { OperationRecord } from '../contract.ts';
import type { Problem, Row, Rows } from './rows.ts';

/** One position of a timeline: a row, or a time without one. */
export interface Slot {
  /** Not committed before. */
  from: number;
  /** Committed by then, for certain. */
  by: number;
  /** It had to be there; else it only may have been. */
  readonly certain: boolean;
  /** Known to have made this gap. */
  readonly deletions: readonly OperationRecord[];
}

/**
 * Fills in the gaps that no known deletion made, and finds what cannot have been. In front of a row that was created there was no
 * row: a deletion must have made that gap of which nobody knows what came of it, and each of those made one at most. In front of a
 * row that was changed there was one: so a gap there takes a creation of which nobody knows.
 */
export function explainGaps(slots: (Slot | null)[], seen: Rows): Problem[] {
  const { rows } = seen;
  const deletions = new Explanations(seen.uncertainDeletions);
  const creations = new Explanations(seen.unseenCreations);
  const problems: Problem[] = [];
  for (const [index, row] of [...rows, undefined].entries()) {
    const known = slots[2 * index] ?? (index === 0 ? beforeAll() : null);
    if (known !== null) {
      slots[2 * index] = known;
      problems.push(...creationsBetween(index, known, row, creations));
      const first = slots[1];
      if (index === 0 && row?.origin === 'changed' && first)
        first.from = Math.max(first.from, creations.first);
      // Between two times without a row there may have been one that nobody saw: the gap began with the first of them.
      const began = index === 0 ? Number.NEGATIVE_INFINITY : deletions.next;
      if (creations.first <= known.by) known.from = Math.min(known.from, began);
    } else if (row?.origin === 'created') {
      const from = deletions.next;
      const isExplained = deletions.take(row.by);
      if (!isExplained)
        problems.push({
          message: `version ${row.version} was created although version ${rows[index - 1]?.version} had never been deleted`,
          operations: row.write === null ? [] : [row.write],
        });
      slots[2 * index] = gap(isExplained ? from : (rows[index - 1]?.from ?? 0), true);
    } else if (
      deletions.next < Number.POSITIVE_INFINITY &&
      (row?.origin !== 'changed' || creations.next <= row.by)
    ) {
      slots[2 * index] = gap(deletions.next, false);
    }
  }
  return problems;
}

/** Each deletion took a row away, and each change met one: in between somebody must have created it. */
function creationsBetween(
  index: number,
  slot: Slot,
  row: Row | undefined,
  creations: Explanations,
): Problem[] {
  const problems: Problem[] = [];
  for (const deletion of index === 0 ? slot.deletions : slot.deletions.slice(1)) {
    if (!creations.take(deletion.end))
      problems.push({ message: 'a row was deleted that was not there', operations: [deletion] });
  }
  if (row?.origin === 'changed' && !creations.take(row.by))
    problems.push({
      message: `version ${row.version} is a change of a row that was not there`,
      operations: row.write === null ? [] : [row.write],
    });
  return problems;
}

/** Operations that may have happened: what can be explained by them, each once. */
class Explanations {
  /** When the earliest of all began; Infinity for none. */
  readonly first: number;
  readonly #starts: readonly number[];
  #used = 0;

  constructor(operations: readonly OperationRecord[]) {
    this.#starts = operations.map(({ start }) => start).toSorted((one, other) => one - other);
    this.first = this.#starts[0] ?? Number.POSITIVE_INFINITY;
  }

  /** When the earliest that is left began. */
  get next(): number {
    return this.#starts[this.#used] ?? Number.POSITIVE_INFINITY;
  }

  /** Whether there is one for what was there by `time`. */
  take(time: number): boolean {
    if (this.next > time) return false;
    this.#used += 1;
    return true;
  }
}

/** Infinity for none. */
export function earliestOf(operations: readonly OperationRecord[]): number {
  return operations.reduce((earliest, { start }) => Math.min(earliest, start), Number.POSITIVE_INFINITY);
}

function gap(from: number, certain: boolean): Slot {
  return { from, by: Number.POSITIVE_INFINITY, certain, deletions: [] };
}

function beforeAll(): Slot {
  return gap(Number.NEGATIVE_INFINITY, true);
}
