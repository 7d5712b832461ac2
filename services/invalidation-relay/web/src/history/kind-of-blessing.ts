import type { Blessing } from '../api/contract.ts';

/** What must have happened, from what changed since the blessing before. */
export function kindOf(blessing: Blessing, before: Blessing | undefined): string {
  if (before === undefined) return 'first blessing that is known';
  if (before.origin !== blessing.origin) return 'Postgres failed over or was restored';
  if (before.history !== blessing.history) return 'another Redis primary: a failover or a restart';
  return 'the same Redis again: it lost its data, or its blessing was not finished';
}
