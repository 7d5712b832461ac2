import { logicalKey } from '@freshet/cache-core/protocol';
import type { Invalidation } from './operator-store.ts';
import type { Invalidation as Item } from './schemas/invalidations.ts';

/** As `itemId` makes it. */
const ID = /^(?<domain>[a-z][a-z0-9-]*)-(?<row>[1-9]\d{0,17})$/;

/** Ids of outbox rows are unique in their domain only. */
export function itemId(domain: string, row: string): string {
  return `${domain}-${row}`;
}

/** The domain's name and the row's id; null for what is no such id. */
export function parseItemId(id: string): { domain: string; row: string } | null {
  const { domain, row } = ID.exec(id)?.groups ?? {};
  return domain === undefined || row === undefined ? null : { domain, row };
}

export function toItem(domain: string, row: Invalidation): Item {
  return {
    domain,
    ...row,
    id: itemId(domain, row.id),
    idParts: row.idParts === null ? null : [...row.idParts],
    key: keyOf(row),
    state: stateOf(row),
  };
}

function stateOf({ appliedAt, deadAt, attempts }: Invalidation) {
  if (appliedAt !== null) return 'applied';
  if (deadAt !== null) return 'dead';
  return attempts > 0 ? 'retrying' : 'pending';
}

function keyOf({ service, entity, idParts }: Invalidation): string | null {
  if (idParts === null) return null;
  try {
    return logicalKey(service, entity, idParts);
  } catch {
    return null;
  }
}
