import { type Route, reply, route } from '@freshet/service-kit';
import type { OpenDomain } from '../domain/open-domain.ts';
import { askEach } from './across-domains.ts';
import { type Replica, replicaListSchema } from './schemas/replicas.ts';

export function replicaRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/replicas',
      summary: 'Every replica that holds, or lately held, a freshness lease',
      responses: { 200: { description: 'All of them', body: replicaListSchema } },
      handler: async () => {
        const { answers, ...rest } = await askEach(domains, replicasOf);
        return reply(200, { items: answers.flatMap(({ value }) => value), ...rest });
      },
    }),
  ];
}

async function replicasOf({ name, redis }: OpenDomain): Promise<Replica[]> {
  const [records, { timeMs }] = await Promise.all([redis.protocol.replicas(), redis.protocol.status()]);
  return records.map(({ replicaId, live, leaseUntilMs, appliedId, lag }) => ({
    domain: name,
    replicaId,
    instance: null,
    live,
    mode: null,
    leaseUntil: new Date(leaseUntilMs).toISOString(),
    leaseRemainingMs: Math.max(0, leaseUntilMs - timeMs),
    appliedId,
    lag,
    hitRatio: null,
    l1: null,
    answered: false,
  }));
}
