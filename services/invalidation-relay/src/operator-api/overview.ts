import { type Route, reply, route } from '@freshet/service-kit';
import { nameOf } from '../domain/domain-relay.ts';
import type { OpenDomain } from '../domain/open-domain.ts';
import { askEach } from './across-domains.ts';
import { type Consistency, type DomainOverview, type Overview, overviewSchema } from './schemas/overview.ts';

const NO_SAMPLE = { samples: 0, stale: 0, nines: null };
const NO_SAMPLES = { '1m': NO_SAMPLE, '5m': NO_SAMPLE, '1h': NO_SAMPLE };

export function overviewRoutes(domains: readonly OpenDomain[], instance: string): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/overview',
      summary: 'How every domain is, at a glance',
      responses: { 200: { description: 'One item for each domain', body: overviewSchema } },
      handler: async () => reply(200, await readOverview(domains, instance)),
    }),
  ];
}

export async function readOverview(domains: readonly OpenDomain[], instance: string): Promise<Overview> {
  const { answers, ...rest } = await askEach(domains, overviewOf);
  return {
    at: new Date().toISOString(),
    relay: { instance },
    domains: answers.map(({ value }) => value),
    ...rest,
  };
}

async function overviewOf(domain: OpenDomain): Promise<DomainOverview> {
  const { outbox, operators, relay, redis } = domain;
  const [depth, services, status, replicas] = await Promise.all([
    outbox.depth(),
    operators.services(),
    redis.protocol.status(),
    redis.protocol.replicas(),
  ]);
  const consistency: Consistency = { l1: NO_SAMPLES, l2: NO_SAMPLES };
  return {
    domain: domain.name,
    services,
    state: nameOf(relay.state),
    standingStill: relay.state.standingStill,
    blessing: status.blessed ? status.blessing : null,
    watermarkAgeMs: status.asOf === null || !status.blessed ? null : status.timeMs - status.asOf,
    outbox: depth,
    replicas: { live: replicas.filter(({ live }) => live).length, known: replicas.length },
    hitRatio: null,
    consistency,
    findings: 0,
  };
}
