import * as z from 'zod';
import { reasonSchema, time, unavailableSchema, version } from './common.ts';

export const invalidationState = z.enum(['pending', 'retrying', 'applied', 'dead']);

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
    version,
    cause: z.string(),
    state: invalidationState,
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

export const invalidationStep = z.enum(['committed', 'drained', 'dropped', 'appended', 'marked']);

/** One invalidation with the way that it took. */
export const invalidationDetailSchema = z
  .object({
    ...invalidationSchema.shape,
    logId: z.string().nullable().describe('Its entry in the log; null before it is there'),
    path: z
      .array(z.object({ step: invalidationStep, at: time }))
      .describe(
        'On the clock of Postgres. committed: the row was written, and committed at the latest when it was drained. drained: a relay took it. dropped: out of L2. appended: in the log. marked: done. What was not noted is left out',
      ),
    applied: z
      .array(
        z.object({
          replicaId: z.string(),
          instance: z.string().nullable(),
          at: time
            .nullable()
            .describe(
              "When nothing older was in its memory any more, on its machine's clock; null when not yet, or too long ago",
            ),
          answered: z.boolean(),
        }),
      )
      .describe('Every replica of the domain'),
    traceId: z.string().nullable().describe('The trace of the change, if it has one'),
  })
  .meta({ id: 'InvalidationDetail' });

export const byHandSchema = z.union(
  [
    z.strictObject({
      keys: z.array(z.string().min(1).max(2_000)).min(1).max(1_000),
      reason: reasonSchema,
    }),
    z.strictObject({
      service: z.string().min(1).max(63),
      entity: z.string().min(1).max(63),
      reason: reasonSchema,
    }),
  ],
  {
    error:
      'send {"keys":["user:profile:123"],"reason":"…"} for keys, or {"service":"user","entity":"profile","reason":"…"} for a whole entity',
  },
);

export const acceptedSchema = z.object({
  items: z.array(z.object({ domain: z.string(), id: z.string(), key: z.string() })),
});

export const replaySchema = z.strictObject({ reason: reasonSchema });
export const replayedSchema = z.object({ domain: z.string(), id: z.string() });
export const replayAllSchema = z.strictObject({
  domain: z.string().max(63).optional().describe('Of this domain only'),
  reason: reasonSchema,
});
export const replayedAllSchema = z.object({ replayed: z.number().int() });

export type Invalidation = z.output<typeof invalidationSchema>;
export type InvalidationPage = z.output<typeof invalidationPageSchema>;
export type InvalidationDetail = z.output<typeof invalidationDetailSchema>;
export type Accepted = z.output<typeof acceptedSchema>;
