import * as z from 'zod';
import { version } from './common.ts';

/** One key, everywhere at once. Never its value. */
export const inspectedKeySchema = z
  .object({
    key: z.string().describe('Logical'),
    domain: z.string(),
    service: z.string(),
    entity: z.string(),
    idParts: z.array(z.string()),
    origin: z.object({
      version: version.nullable().describe('Of the row; null when there is none, or with an error'),
      error: z
        .string()
        .optional()
        .describe('Why the row cannot be told: the entity has no table, or several'),
    }),
    l2: z
      .array(
        z.object({
          schemaVersion: z.number().int(),
          physicalKey: z.string(),
          state: z
            .enum(['entry', 'absent', 'void', 'fenced', 'filling', 'unreadable'])
            .describe(
              'void: of a blessing that does not count any more; fenced: a strong write runs; filling: a reader loads it; unreadable: nothing that this release knows',
            ),
          version: version.nullable(),
          ageMs: z.number().nullable().describe("Since it was stored, on its writer's clock"),
          ttlMs: z.number().nullable().describe('Its whole lifetime'),
          expiresInMs: z.number().nullable().describe('What Redis says; null without an expiry'),
          blessing: z.number().int().nullable(),
        }),
      )
      .describe('One item for each schema version that a replica has registered'),
    replicas: z.array(
      z.object({
        replicaId: z.string(),
        instance: z.string().nullable(),
        answered: z.boolean(),
        l1: z
          .object({
            version,
            ageMs: z.number().describe('Since it came into this memory'),
            ttlMs: z.number().describe('What it has left'),
          })
          .nullable()
          .describe('Null when it is not in its memory'),
      }),
    ),
    pending: z.number().int().describe('Invalidations of it that wait in the outbox'),
  })
  .meta({ id: 'InspectedKey' });

export type InspectedKey = z.output<typeof inspectedKeySchema>;
