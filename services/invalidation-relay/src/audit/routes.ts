import { type Route, reply, route } from '@freshet/service-kit';
import { nameOf } from '../domain/domain-relay.ts';
import type { OpenDomain } from '../domain/open-domain.ts';
import { askEach } from '../operator-api/across-domains.ts';
import { toBlessing } from '../operator-api/blessings.ts';
import { auditListSchema, type DomainAudit } from '../operator-api/schemas/audit.ts';
import { readAudited } from './audited.ts';
import { sampleKeys } from './sample.ts';

const SAMPLE = 20;
const HISTORY = 20;

export function auditRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/audit',
      summary: 'Whether the caches are what they should be, domain by domain',
      responses: {
        200: {
          description: 'One item for each domain',
          body: auditListSchema,
        },
      },
      handler: async () => {
        const { answers, ...rest } = await askEach(domains, auditDomain);
        return reply(200, { items: answers.map(({ value }) => value), ...rest });
      },
    }),
  ];
}

async function auditDomain(domain: OpenDomain): Promise<DomainAudit> {
  const { outbox, blessings, operators, relay } = domain;
  const [depth, tables, history, operatorLog, status, sample, audited] = await Promise.all([
    outbox.depth(),
    outbox.checkCachedTables(),
    blessings.history(HISTORY),
    operators.operatorLog(HISTORY),
    domain.redis.protocol.status(),
    sampleKeys(domain, SAMPLE),
    readAudited(domain),
  ]);
  return {
    domain: domain.name,
    state: nameOf(relay.state),
    standingStill: relay.state.standingStill,
    watermarkAgeMs: status.asOf === null || !status.blessed ? null : status.timeMs - status.asOf,
    outbox: depth,
    tables,
    blessings: history.map(toBlessing),
    operatorLog,
    sample,
    ...audited,
  };
}
