import { earliestOf, explainGaps, type Slot } from './gaps.ts';
import type { KeyHistory } from './recorded-run.ts';
import { type Deletion, type Problem, type Row, type Rows, rowsOf } from './rows.ts';

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
  /** From then on somebody whom nobody saw may have created the row between two times without one; Infinity for never. */
  readonly unseenFrom: number;
  /** No client can have seen this state earlier. */
  notBefore(position: number): number;
  /** From then on it was overwritten, for certain: something later had been answered. Infinity when nothing is later. */
  overwrittenBy(position: number): number;
  /** The last gap that may have been there at this time; undefined when there had to be a row. */
  lastGapAt(time: number): number | undefined;
  /** The first gap from this position on that may have been there at this time. */
  firstGapAt(time: number, from: number): number | undefined;
}

/** `maxStalenessMs`: an answer that there is no row is not taken for older than that, if there is a newer time without one. */
export function timelineOf(history: KeyHistory, maxStalenessMs: number): Timeline {
  const seen = rowsOf(history);
  const { rows, absences, problems } = seen;
  const positionOf = new Map(rows.map(({ version }, index) => [String(version), 2 * index + 1]));
  const slots: (Slot | null)[] = Array.from({ length: 2 * rows.length + 1 }, () => null);
  for (const [index, { from, by }] of rows.entries())
    slots[2 * index + 1] = { from, by, certain: true, deletions: [] };

  for (const { deletion, gap } of placed(seen)) {
    const slot = slots[2 * gap];
    const { start, end } = deletion.operation;
    slots[2 * gap] = {
      from: Math.min(start, slot?.from ?? start),
      by: Math.min(end, slot?.by ?? end),
      certain: true,
      deletions: [...(slot?.deletions ?? []), deletion.operation],
    };
    positionOf.set(String(deletion.version), 2 * gap);
  }
  const unexplained = explainGaps(slots, seen);

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
  const known = runningEnd(slots);
  for (const { start, end } of absences) {
    const last = lastGapAt(end);
    const oldest = firstIndex(known.length, (position) => (known[position] ?? 0) >= start - maxStalenessMs);
    const slot = last === undefined ? undefined : slots[last];
    if (slot && firstGapAt(end, oldest) === last) slot.by = Math.min(slot.by, end);
  }
  const overwrittenBy = runningEnd(slots);

  return {
    rows,
    problems: [...problems, ...unexplained],
    unseenFrom: earliestOf(seen.unseenCreations),
    positionOf: (version) => positionOf.get(version),
    notBefore: (position) => notBefore[position] ?? Number.POSITIVE_INFINITY,
    overwrittenBy: (position) => overwrittenBy[position] ?? Number.POSITIVE_INFINITY,
    lastGapAt,
    firstGapAt,
  };
}

interface Placed {
  readonly deletion: Deletion;
  /** Index of the row behind it. */
  gap: number;
}

/**
 * A deletion made the gap behind the last row of a lower version. But its version is drawn at its end, and whoever creates the row
 * again may have drawn a lower one while they waited for the deletion. So a creation without a deletion before it gets the next
 * deletion that it overlapped; unless one of which nobody knows what came of it explains the
 * creation as well.
 */
function placed({ rows, deletions, uncertainDeletions, unseenCreations }: Rows): Placed[] {
  const deletedFrom = earliestOf(uncertainDeletions);
  const createdFrom = earliestOf(unseenCreations);
  const all: Placed[] = deletions
    .toSorted((one, other) => (one.version < other.version ? -1 : 1))
    .map((deletion) => ({
      deletion,
      gap: firstIndex(rows.length, (index) => (rows[index]?.version ?? 0n) >= deletion.version),
    }));
  const taken = new Set(all.map(({ gap }) => gap));
  for (const [index, { origin, write, by }] of rows.entries()) {
    if (index === 0 || origin !== 'created' || write === null || taken.has(index)) continue;
    const next = all[firstIndex(all.length, (one) => (all[one]?.gap ?? 0) > index)];
    if (next === undefined) continue;
    const behind = rows[next.gap];
    const fits = behind?.origin !== 'changed' || createdFrom <= behind.by;
    if (fits && deletedFrom <= by) continue;
    const { operation } = next.deletion;
    // What nobody was answered may have ended at any time.
    const end = write.outcome === 'ok' ? write.end : Number.POSITIVE_INFINITY;
    if (operation.start > end || operation.end < write.start) continue;
    const left = next.gap;
    next.gap = index;
    taken.add(index);
    if (!all.some(({ gap }) => gap === left)) taken.delete(left);
  }
  return all;
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
