import type { OperationRecord } from '../contract.ts';

/** What a SQL statement that found no row to change is recorded with. */
export const NO_ROW = 'no row';

/** An answer like any other: there is no such row, or not enough of it. It failed, and nothing is amiss. */
export function isRefusal({ outcome, status, detail }: OperationRecord): boolean {
  return outcome === 'failed' && ((status >= 400 && status < 500) || detail === NO_ROW);
}
