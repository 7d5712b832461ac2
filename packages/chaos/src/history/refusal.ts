import type { OperationRecord } from '../contract.ts';

/** What a SQL statement that found no row to change is recorded with. */
export const NO_ROW = 'no row';

/** What Postgres says of a row that is there already. */
const DUPLICATE = 'duplicate key';

/** An answer like any other: there is such a row already, there is no such row, or not enough of it. It failed, and nothing is amiss. */
export function isRefusal({ outcome, status, detail }: OperationRecord): boolean {
  return (
    outcome === 'failed' &&
    ((status >= 400 && status < 500) || detail === NO_ROW || detail?.startsWith(DUPLICATE) === true)
  );
}
