import * as z from 'zod';
import { time, unavailableSchema, version } from './common.ts';
import { consistencySchema, outboxDepthSchema } from './overview.ts';

export const blessingSchema = z
  .object({
    number: z.number().int(),
    history: z.string().describe('Of the Redis server'),
    origin: z.string().describe("Postgres's system identifier and timeline"),
    limits: z.object({
      leaseMs: z.number(),
      maxStalenessMs: z.number(),
      strongTransactionMs: z.number(),
    }),
    recordedBy: z.string(),
    recordedAt: time,
    finishedAt: time.nullable(),
  })
  .meta({ id: 'Blessing' });

/** A cached value that stayed older than its row for longer than was promised. */
export const findingSchema = z
  .object({
    id: z.string(),
    domain: z.string(),
    key: z.string().describe('Logical'),
    physicalKey: z.string().nullable().describe('Its name in Redis; null in L1'),
    layer: z.enum(['l1', 'l2']),
    replicaId: z.string().nullable().describe('In whose memory; null in L2'),
    instance: z.string().nullable(),
    cachedVersion: version,
    originVersion: version.nullable().describe('Null when there is no row'),
    firstSeenAt: time,
    lastSeenAt: time,
    staleForMs: z.number().describe('Since the change that it does not have, or since it was first seen'),
    event: z
      .string()
      .nullable()
      .describe(
        'The invalidation that should have removed it; null when it is not in the outbox any more, and for most of many findings at once',
      ),
    resolvedAt: time.nullable().describe('Null while it is still there'),
  })
  .meta({ id: 'Finding' });

const someKeys = z.array(z.string()).describe('20 at most');

export const ttlScanSchema = z
  .object({
    scannedAt: time.nullable().describe('When the last search of all keys ended; null before the first'),
    keys: z.number().int().describe('Keys of the domain that it met'),
    withoutTtl: someKeys,
    wrongTtl: someKeys,
    unknownSchema: someKeys,
  })
  .meta({ id: 'TtlScan' });

const versionOrNone = version.nullable();

export const domainAuditSchema = z
  .object({
    domain: z.string(),
    state: z.string().describe("'blessed' while all is well, else what this relay does about it"),
    standingStill: z.string().nullable().describe('Why nothing is drained, if nothing is'),
    watermarkAgeMs: z
      .number()
      .nullable()
      .describe('Everything committed longer ago is out of L2 and in the log'),
    outbox: outboxDepthSchema,
    tables: z.array(
      z.object({
        table: z.string(),
        service: z.string(),
        entity: z.string(),
        problem: z.string().nullable(),
      }),
    ),
    blessings: z.array(blessingSchema),
    operatorLog: z.array(
      z.object({
        at: time,
        who: z
          .string()
          .describe(
            'The name that the caller gave, if any, which nothing proves; and the address it came from',
          ),
        action: z.string(),
        subject: z.unknown(),
        reason: z.string().nullable().describe('Null in old entries'),
      }),
    ),
    sample: z.array(
      z.object({
        key: z.string(),
        postgresVersion: versionOrNone,
        l2Version: versionOrNone,
        verdict: z.enum(['consistent', 'absent', 'in-flight', 'stale']),
      }),
    ),
    consistency: consistencySchema,
    auditor: z.string().nullable().describe('The relay that audits the domain now; null when none does'),
    findings: z.array(findingSchema).describe('Open ones first, each kind newest first; 200 at most'),
    ttlScan: ttlScanSchema,
  })
  .meta({ id: 'DomainAudit' });

export const auditListSchema = z.object({
  items: z.array(domainAuditSchema),
  unavailable: unavailableSchema,
});

export const blessingListSchema = z.object({
  items: z.array(z.object({ domain: z.string(), ...blessingSchema.shape })),
  unavailable: unavailableSchema,
});

export type DomainAudit = z.output<typeof domainAuditSchema>;
export type AuditList = z.output<typeof auditListSchema>;
export type Finding = z.output<typeof findingSchema>;
export type TtlScan = z.output<typeof ttlScanSchema>;
export type BlessingList = z.output<typeof blessingListSchema>;
