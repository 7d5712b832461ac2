import * as z from 'zod';
import { time, unavailableSchema } from './common.ts';

export const replicaSchema = z
  .object({
    domain: z.string(),
    replicaId: z.string(),
    instance: z.string().nullable().describe('The name of its process; null when it has not said'),
    live: z.boolean().describe('Holds a freshness lease: may serve from its memory'),
    mode: z
      .enum(['l1', 'degraded'])
      .nullable()
      .describe('What it says itself: whether its memory may answer. Null when it did not answer'),
    leaseUntil: time.describe("On Redis's clock"),
    leaseRemainingMs: z.number().describe('0 when it has run out'),
    appliedId: z.string().describe('Last log entry that it has applied'),
    lag: z.number().int().nullable().describe('Log entries behind; null under another blessing'),
    hitRatio: z.number().nullable().describe('Reads that L1 or L2 answered, 0 to 1, since it began'),
    l1: z
      .object({ entries: z.number().int(), bytes: z.number().int().nullable() })
      .nullable()
      .describe('Its memory; bytes only where they are counted'),
    answered: z.boolean().describe('Answered the question that was sent to all replicas just now'),
  })
  .meta({ id: 'Replica' });

export const replicaListSchema = z.object({
  items: z.array(replicaSchema),
  unavailable: unavailableSchema,
});

export type Replica = z.output<typeof replicaSchema>;
export type ReplicaList = z.output<typeof replicaListSchema>;
