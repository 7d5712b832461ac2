import type { OperationRecord } from '../contract.ts';
import type { KeyHistory } from './recorded-run.ts';
import { type Deletion, type Problem, type Row, rowsOf } from './rows.ts';

/**
 * The states that one key went through, in the order of their commits, as far as clients can tell.
 *
 *   position   0     1      2     3      4     …   2n
 *              gap   row 0  gap   row 1  gap   …   gap
 *
 * A version is a row (odd positions), and versions grow in the order of the commits while a row lives. Between two rows, and
 * before and after all of them, there may be a gap (even positions): a time without a row. There is one where a deletion
 * succeeded, where a row was created rather than changed, and perhaps where a deletion may have happened.
 */
export interface Timeline {
  readonly rows: readonly Row[];
  /** Versions out of nowhere, refused writes that can be seen, rows that were created over others. */
  readonly problems: readonly Problem[];
  /** Of a row's version, or the gap that a deletion of this version made. */
  positionOf(version: string): number | undefined;
  /** No client can have seen this state earlier. */
  notBefore(position: number): number;
  /** From then on it was overwritten, for certain: something later had been answered. Infinity when nothing is later. */
  overwrittenBy(position: number): number;
  /** The last gap that may have been there at this time; undefined when there had to be a row. */
  lastGapAt(time: number): number | undefined;
  /** The first gap from this position on that may have been there at this time. */
  firstGapAt(time: number, from: number): number | undefined;
}

interface Slot {
  /** Not committed before. */
  from: number;
  /** Committed by then, for certain. */
  by: number;
  /** A gap that had to be there, or only may have been. */
  certain: boolean;
}

export function timelineOf(history: KeyHistory): Timeline {
  const { rows, deletions, uncertainDeletions, absences, problems } = rowsOf(history);
  const positionOf = new Map(rows.map(({ version }, index) => [String(version), 2 * index + 1]));
  const slots: (Slot | null)[] = Array.from({ length: 2 * rows.length + 1 }, () => null);
  for (const [index, { from, by }] of rows.entries()) slots[2 * index + 1] = { from, by, certain: true };

  for (const deletion of deletions) {
    const position = gapOf(deletion, rows, slots);
    const slot = slots[position];
    const { start, end } = deletion.operation;
    slots[position] = {
      from: Math.min(start, slot?.from ?? start),
      by: Math.min(end, slot?.by ?? end),
      certain: true,
    };
    positionOf.set(String(deletion.version), position);
  }
  const unexplained = explainGaps(rows, slots, uncertainDeletions);

  const notBefore = runningFloor(slots);
  const gaps = [...slots.keys()].filter((position) => position % 2 === 0 && slots[position] !== null);
  const earliest = earliestFromThereOn(
    gaps.map((position) => notBefore[position] ?? Number.POSITIVE_INFINITY),
  );
  const lastGapAt = (time: number): number | undefined =>
    gaps[firstIndex(gaps.length, (index) => (earliest[index] ?? Number.POSITIVE_INFINITY) > time) - 1];
  const firstGapAt = (time: number, from: number): number | undefined => {
    for (let index = firstIndex(gaps.length, (one) => (gaps[one] ?? 0) >= from); ; index++) {
      const position = gaps[index];
      if (position === undefined) return undefined;
      if ((notBefore[position] ?? Number.POSITIVE_INFINITY) <= time) return position;
      // What had to be there holds all later ones back too.
      if (slots[position]?.certain === true) return undefined;
    }
  };
  // Whoever found no row, while only one gap can be meant, saw that gap.
  for (const absence of absences) {
    const position = lastGapAt(absence.end);
    if (position === undefined || firstGapAt(absence.end, 0) !== position) continue;
    const slot = slots[position];
    if (slot) slot.by = Math.min(slot.by, absence.end);
  }
  const overwrittenBy = runningEnd(slots);

  return {
    rows,
    problems: [...problems, ...unexplained],
    positionOf: (version) => positionOf.get(version),
    notBefore: (position) => notBefore[position] ?? Number.POSITIVE_INFINITY,
    overwrittenBy: (position) => overwrittenBy[position] ?? Number.POSITIVE_INFINITY,
    lastGapAt,
    firstGapAt,
  };
}

/**
 * The gap that a deletion made: behind the last row of a lower version. But the version of a deletion is drawn at its end, and
 * whoever creates the row again may have drawn a lower one while they waited for the deletion. So where the row behind that
 * gap was not created, or the gap is taken, it is the gap before an earlier creation that overlapped the deletion.
 */
function gapOf({ version, operation }: Deletion, rows: readonly Row[], slots: (Slot | null)[]): number {
  const natural = firstIndex(rows.length, (index) => (rows[index]?.version ?? 0n) >= version);
  const isFree = (index: number): boolean => !(slots[2 * index]?.certain ?? false);
  const mayBeCreated = (index: number): boolean => rows[index]?.origin !== 'changed';
  if (isFree(natural) && mayBeCreated(natural)) return 2 * natural;
  for (let index = natural - 1; index > 0; index--) {
    const write = rows[index]?.write;
    if (!isFree(index) || rows[index]?.origin !== 'created' || !write) continue;
    if (write.start <= operation.end && write.end >= operation.start) return 2 * index;
  }
  return 2 * natural;
}

/** The first index for which it holds, where it holds for all that follow too; `length` when for none. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Gaps without a known deletion: each creation needs one, which must have been one of the deletions that nobody knows about. */
function explainGaps(
  rows: readonly Row[],
  slots: (Slot | null)[],
  uncertain: readonly OperationRecord[],
): Problem[] {
  const starts = uncertain.map(({ start }) => start).toSorted((one, other) => one - other);
  const problems: Problem[] = [];
  let used = 0;
  for (let index = 0; index <= rows.length; index++) {
    const position = 2 * index;
    const row = rows[index];
    if (slots[position] !== null) continue;
    if (index === 0) {
      // Before everything; unless the first that was seen is a change of a row from before this history.
      if (row?.origin !== 'changed')
        slots[position] = { from: Number.NEGATIVE_INFINITY, by: Number.POSITIVE_INFINITY, certain: true };
      continue;
    }
    if (row?.origin === 'changed') continue;
    const start = starts[used];
    const isCertain = row?.origin === 'created';
    if (isCertain && (start === undefined || start > row.by)) {
      problems.push({
        message: `version ${row.version} was created although version ${rows[index - 1]?.version} had never been deleted`,
        operations: row.write === null ? [] : [row.write],
      });
      slots[position] = {
        from: rows[index - 1]?.from ?? 0,
        by: Number.POSITIVE_INFINITY,
        certain: true,
      };
      continue;
    }
    if (start === undefined) continue;
    slots[position] = { from: start, by: Number.POSITIVE_INFINITY, certain: isCertain };
    if (isCertain) used += 1;
  }
  return problems;
}

/** A state cannot be older than one that must have come before it. */
function runningFloor(slots: readonly (Slot | null)[]): number[] {
  let floor = Number.NEGATIVE_INFINITY;
  return slots.map((slot) => {
    if (slot === null) return Number.POSITIVE_INFINITY;
    const here = Math.max(floor, slot.from);
    if (slot.certain) floor = here;
    return here;
  });
}

/** For each the lowest of it and all that follow. */
function earliestFromThereOn(times: readonly number[]): number[] {
  let low = Number.POSITIVE_INFINITY;
  return times
    .toReversed()
    .map((time) => (low = Math.min(low, time)))
    .toReversed();
}

/** For each position the time by which something behind it was there for certain. */
function runningEnd(slots: readonly (Slot | null)[]): number[] {
  const ends: number[] = Array.from({ length: slots.length }, () => Number.POSITIVE_INFINITY);
  let end = Number.POSITIVE_INFINITY;
  for (let position = slots.length - 1; position >= 0; position--) {
    ends[position] = end;
    end = Math.min(end, slots[position]?.by ?? Number.POSITIVE_INFINITY);
  }
  return ends;
}
