import { type Route, reply, route } from '@freshet/service-kit';
import type { OpenDomain } from '../domain/open-domain.ts';
import { instanceOf } from '../inspection/replica-answers.ts';
import { askEach } from './across-domains.ts';
import { type Replica, replicaListSchema } from './schemas/replicas.ts';

export function replicaRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/replicas',
      summary: 'Every replica that holds, or lately held, a freshness lease',
      description: 'What Redis has recorded of each, and what it says of itself if it answers.',
      responses: { 200: { description: 'All of them', body: replicaListSchema } },
      handler: async () => {
        const { answers, ...rest } = await askEach(domains, replicasOf);
        return reply(200, { items: answers.flatMap(({ value }) => value), ...rest });
      },
    }),
  ];
}

async function replicasOf({ name, redis, inspection }: OpenDomain): Promise<Replica[]> {
  const [records, { timeMs }, answers] = await Promise.all([
    redis.protocol.replicas(),
    redis.protocol.status(),
    inspection.askReplicas({}),
  ]);
  return records.map(({ replicaId, live, leaseUntilMs, appliedId, lag }) => {
    const self = answers.find(({ replica }) => replica.replicaId === replicaId)?.replica;
    return {
      domain: name,
      replicaId,
      instance: self?.instance ?? instanceOf(replicaId),
      live,
      mode: self?.mode ?? null,
      leaseUntil: new Date(leaseUntilMs).toISOString(),
      leaseRemainingMs: Math.max(0, leaseUntilMs - timeMs),
      appliedId,
      lag,
      hitRatio: self === undefined ? null : ratio(self),
      l1: self?.l1 ?? null,
      answered: self !== undefined,
    };
  });
}

/** Null before the first read. */
export function ratio({ hits, reads }: { hits: number; reads: number }): number | null {
  return reads === 0 ? null : hits / reads;
}
