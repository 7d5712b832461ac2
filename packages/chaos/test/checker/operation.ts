import type { HistoryRecord, InvariantId, OperationRecord, Verdict } from '../../src/contract.ts';
import { checkRun } from '../../src/checker/check.ts';
import { recordedRun } from '../../src/checker/recorded-run.ts';
import type { CheckOptions } from '../../src/contract.ts';

type Given = Pick<OperationRecord, 'op' | 'start' | 'end'> & Partial<OperationRecord>;

/** An operation on the product `lamp` that went well, unless it is said otherwise. */
export function operation(id: number, given: Given): OperationRecord {
  return {
    t: 'op',
    id,
    client: 'c1',
    session: null,
    via: 'replica-1',
    kind: 'product',
    key: 'lamp',
    outcome: 'ok',
    status: given.op === 'create' ? 201 : given.version === null && given.op === 'read' ? 404 : 200,
    version: null,
    value: null,
    layer: given.op === 'read' ? 'l1' : null,
    ...given,
  };
}

export async function judge(records: readonly HistoryRecord[], options?: CheckOptions): Promise<Verdict> {
  return checkRun(await recordedRun(records), options);
}

/** The invariants that do not hold, with how often. */
export function broken({ invariants }: Verdict): Partial<Record<InvariantId, number>> {
  return Object.fromEntries(
    invariants.filter(({ violationCount }) => violationCount > 0).map((one) => [one.id, one.violationCount]),
  );
}
