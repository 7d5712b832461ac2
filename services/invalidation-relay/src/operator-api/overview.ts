import type { ServerStatus } from '@freshet/cache-core/protocol';
import { type Route, reply, route } from '@freshet/service-kit';
import { readAudited } from '../audit/audited.ts';
import { nameOf } from '../domain/domain-relay.ts';
import type { OpenDomain } from '../domain/open-domain.ts';
import { askEach } from './across-domains.ts';
import { ratio } from './replicas.ts';
import { type DomainOverview, type Overview, overviewSchema } from './schemas/overview.ts';

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
  const { outbox, operators, relay, redis, inspection } = domain;
  const [depth, services, audited, inRedis] = await Promise.all([
    outbox.depth(),
    operators.services(),
    readAudited(domain),
    // A Redis that is away is what an operator has to see here: its domain must not be missing for it.
    Promise.all([redis.protocol.status(), redis.protocol.replicas(), inspection.askReplicas({})]).catch(
      () => null,
    ),
  ]);
  const [status, replicas, answers] = inRedis ?? [null, [], []];
  const reads = answers.reduce((sum, { replica }) => sum + replica.reads, 0);
  const hits = answers.reduce((sum, { replica }) => sum + replica.hits, 0);
  return {
    domain: domain.name,
    services,
    state: nameOf(relay.state),
    standingStill: relay.state.standingStill,
    blessing: status?.blessed === true ? status.blessing : null,
    watermarkAgeMs: watermarkAge(status),
    outbox: depth,
    replicas: { live: replicas.filter(({ live }) => live).length, known: replicas.length },
    hitRatio: ratio({ hits, reads }),
    consistency: audited.consistency,
    findings: audited.findings.filter(({ resolvedAt }) => resolvedAt === null).length,
  };
}

function watermarkAge(status: ServerStatus | null): number | null {
  return status === null || !status.blessed || status.asOf === null ? null : status.timeMs - status.asOf;
}
