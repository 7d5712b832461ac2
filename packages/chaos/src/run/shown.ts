import type { InvariantId, Verdict } from '../contract.ts';

/** Not all faults cut replicas off, and not all clients ask for a version. */
const MAY_BE_UNJUDGED: readonly InvariantId[] = ['no-unproven-l1', 'session-order'];

/** Why a run shows nothing: of some promise there was nothing to judge. undefined: it shows what it should. */
export function lackOf({ invariants }: Verdict): string | undefined {
  const unjudged = invariants.filter(({ id, checked }) => checked === 0 && !MAY_BE_UNJUDGED.includes(id));
  return unjudged.length === 0
    ? undefined
    : `there was nothing to judge of ${unjudged.map(({ id }) => id).join(', ')}`;
}
