import { type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import { nameOf } from '../domain/domain-relay.ts';
import type { OpenDomain } from '../domain/open-domain.ts';
import { askEach, unavailableSchema } from '../operator-api/across-domains.ts';
import { sampleKeys } from './sample.ts';

const SAMPLE = 20;
const HISTORY = 20;

const version = z.string().nullable();
const time = z.iso.datetime();

const domainAuditSchema = z
  .object({
    domain: z.string(),
    state: z.string().describe("'blessed' while all is well, else what this relay does about it"),
    standingStill: z.string().nullable().describe('Why nothing is drained, if nothing is'),
    watermarkAgeMs: z
      .number()
      .nullable()
      .describe('Everything committed longer ago is out of L2 and in the log'),
    outbox: z.object({
      pending: z.number(),
      oldestAgeMs: z.number(),
      retryingForLong: z.number(),
      deadLetters: z.number(),
    }),
    tables: z.array(
      z.object({
        table: z.string(),
        service: z.string(),
        entity: z.string(),
        problem: z.string().nullable(),
      }),
    ),
    blessings: z.array(
      z.object({
        number: z.number(),
        history: z.string(),
        origin: z.string(),
        limits: z.object({
          leaseMs: z.number(),
          maxStalenessMs: z.number(),
          strongTransactionMs: z.number(),
        }),
        recordedBy: z.string(),
        recordedAt: time,
        finishedAt: time.nullable(),
      }),
    ),
    operatorLog: z.array(
      z.object({
        at: time,
        who: z.string(),
        action: z.string(),
        subject: z.unknown(),
        reason: z.string().nullable(),
      }),
    ),
    sample: z.array(
      z.object({
        key: z.string(),
        postgresVersion: version,
        l2Version: version,
        verdict: z.enum(['consistent', 'absent', 'in-flight', 'stale']),
      }),
    ),
  })
  .meta({ id: 'DomainAudit' });

export function auditRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/audit',
      summary: 'Whether the caches are what they should be, domain by domain',
      responses: {
        200: {
          description: 'One item for each domain',
          body: z.object({ items: z.array(domainAuditSchema), unavailable: unavailableSchema }),
        },
      },
      handler: async () => {
        const { answers, ...rest } = await askEach(domains, auditDomain);
        return reply(200, { items: answers.map(({ value }) => value), ...rest });
      },
    }),
  ];
}

async function auditDomain(domain: OpenDomain): Promise<z.input<typeof domainAuditSchema>> {
  const { outbox, blessings, operators, relay } = domain;
  const [depth, tables, history, operatorLog, status, sample] = await Promise.all([
    outbox.depth(),
    outbox.checkCachedTables(),
    blessings.history(HISTORY),
    operators.operatorLog(HISTORY),
    domain.redis.protocol.status(),
    sampleKeys(domain, SAMPLE),
  ]);
  return {
    domain: domain.name,
    state: nameOf(relay.state),
    standingStill: relay.state.standingStill,
    watermarkAgeMs: status.asOf === null || !status.blessed ? null : status.timeMs - status.asOf,
    outbox: depth,
    tables,
    blessings: history.map(({ ageMs: _age, finished: _finished, ...blessing }) => blessing),
    operatorLog,
    sample,
  };
}
