import { logicalKey } from '@freshet/cache-core/protocol';
import * as z from 'zod';
import { unavailableSchema } from './across-domains.ts';
import type { Invalidation } from './operator-store.ts';

const time = z.iso.datetime();

/** An outbox row as the API shows it. */
export const invalidationSchema = z
  .object({
    domain: z.string(),
    id: z.string().describe('<domain>-<id of the row in the outbox>'),
    service: z.string(),
    entity: z.string(),
    key: z
      .string()
      .nullable()
      .describe('Logical key; null for a whole entity, and where the id can be no key'),
    idParts: z.array(z.string()).nullable().describe('As Postgres prints them; null for a whole entity'),
    version: z.string(),
    cause: z.string(),
    state: z.enum(['pending', 'retrying', 'applied', 'dead']),
    createdAt: time,
    attempts: z.number().int(),
    lastError: z.string().nullable(),
    appliedAt: time.nullable(),
    appliedNo: z.string().nullable(),
    deadAt: time.nullable(),
    deadReason: z.string().nullable(),
  })
  .meta({ id: 'Invalidation' });

export const invalidationPageSchema = z.object({
  items: z.array(invalidationSchema),
  nextCursor: z.string().optional(),
  unavailable: unavailableSchema,
});

/** Ids of outbox rows are unique in their domain only. */
export function itemId(domain: string, row: string): string {
  return `${domain}-${row}`;
}

export function toItem(domain: string, row: Invalidation): z.input<typeof invalidationSchema> {
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
