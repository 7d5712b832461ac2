import type { InvariantId } from '../contract.ts';
import { nameOf } from './run-name.ts';
import type { StoredRun } from './stored-report.ts';

/** What came of one fault, or of one pair, over all its runs. */
export interface FaultRow {
  readonly name: string;
  readonly isPair: boolean;
  readonly runs: number;
  /** Judged. */
  readonly operations: number;
  readonly sent: number;
  readonly failed: number;
  readonly unknown: number;
  readonly stalenessMs: number;
  /** Percent: of the replica and the calm in which memory answered least; null when it was not to be told. */
  readonly l1Share: number | null;
  /** The longest; null for never, or without a fault. */
  readonly recoveryMs: number | null;
  readonly cells: ReadonlyMap<InvariantId, Cell>;
}

export interface Cell {
  readonly checked: number;
  readonly violations: number;
  readonly unseen: number;
  readonly exempted: Readonly<Record<string, number>>;
}

/** In the order in which they were run. */
export function faultRows(runs: readonly StoredRun[]): FaultRow[] {
  return [...Map.groupBy(runs, nameOf)].map(([name, same]) => {
    const worst = (id: InvariantId): number[] =>
      same.flatMap(({ invariants }) => invariants.find((one) => one.id === id)?.worst ?? []);
    const sum = (count: (run: StoredRun) => number): number =>
      same.reduce((total, run) => total + count(run), 0);
    const recoveries = same.map(({ recoveryMs }) => recoveryMs ?? Number.POSITIVE_INFINITY);
    const slowest = Math.max(...recoveries);
    const shares = worst('l1-share');
    return {
      name,
      isPair: (same[0]?.faults.length ?? 0) > 1,
      runs: same.length,
      operations: sum(({ operations }) => operations),
      sent: sum(({ sent }) => sent),
      failed: sum(({ failed }) => failed),
      unknown: sum(({ unknown }) => unknown),
      stalenessMs: Math.max(0, ...worst('bounded-staleness')),
      l1Share: shares.length === 0 ? null : Math.min(...shares),
      recoveryMs: slowest === Number.POSITIVE_INFINITY ? null : slowest,
      cells: cellsOf(same),
    };
  });
}

function cellsOf(runs: readonly StoredRun[]): Map<InvariantId, Cell> {
  const cells = new Map<InvariantId, Cell>();
  for (const one of runs.flatMap(({ invariants }) => invariants)) {
    const { id, checked, violationCount, unseenCount } = one;
    const old = cells.get(id);
    const exempted = { ...old?.exempted };
    for (const [name, count] of Object.entries(one.exempted)) exempted[name] = (exempted[name] ?? 0) + count;
    cells.set(id, {
      checked: checked + (old?.checked ?? 0),
      violations: violationCount + (old?.violations ?? 0),
      unseen: unseenCount + (old?.unseen ?? 0),
      exempted,
    });
  }
  return cells;
}
