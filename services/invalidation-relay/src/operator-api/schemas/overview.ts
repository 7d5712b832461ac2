import * as z from 'zod';
import { time } from './common.ts';

/** What the audit found in one layer in one window. */
export const windowSchema = z
  .object({
    samples: z.number().int().describe('Cached values that were compared with their row'),
    stale: z.number().int().describe('Those that were older than was promised'),
    nines: z
      .number()
      .nullable()
      .describe(
        '−log10 of the stale share: 3 is 99.9 %. Without a stale one, what the number of samples can show. Null without a sample',
      ),
  })
  .meta({ id: 'ConsistencyWindow' });

const windowsSchema = z.object({ '1m': windowSchema, '5m': windowSchema, '1h': windowSchema });

export const consistencySchema = z
  .object({ l1: windowsSchema, l2: windowsSchema })
  .meta({ id: 'Consistency' });

export const outboxDepthSchema = z.object({
  pending: z.number().int(),
  oldestAgeMs: z.number(),
  retryingForLong: z.number().int().describe('Failing for longer than a minute'),
  deadLetters: z.number().int(),
});

export const domainOverviewSchema = z
  .object({
    domain: z.string(),
    services: z.array(z.string()).describe('First parts of its keys'),
    state: z.string().describe("'blessed' while all is well, else what this relay does about it"),
    standingStill: z.string().nullable().describe('Why nothing is drained, if nothing is'),
    blessing: z.number().int().nullable().describe('Under which Redis stands; null when it is under none'),
    watermarkAgeMs: z
      .number()
      .nullable()
      .describe('Everything committed longer ago is out of L2 and in the log'),
    outbox: outboxDepthSchema,
    replicas: z.object({
      live: z.number().int().describe('Hold a freshness lease'),
      known: z.number().int().describe('Hold one, or held one in the last minute'),
    }),
    hitRatio: z
      .number()
      .nullable()
      .describe('Reads that a cache answered, 0 to 1, since its replicas began; null when none was read'),
    consistency: consistencySchema,
    findings: z.number().int().describe('Open findings of the audit'),
  })
  .meta({ id: 'DomainOverview' });

export const overviewSchema = z
  .object({
    at: time,
    relay: z.object({ instance: z.string() }),
    domains: z.array(domainOverviewSchema),
    unavailable: z.array(z.object({ domain: z.string(), reason: z.string() })).optional(),
  })
  .meta({ id: 'Overview' });

export type Overview = z.output<typeof overviewSchema>;
export type DomainOverview = z.output<typeof domainOverviewSchema>;
export type Consistency = z.output<typeof consistencySchema>;
export type ConsistencyWindow = z.output<typeof windowSchema>;
