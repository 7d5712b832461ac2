import { type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import type { OpenDomain } from '../domain/open-domain.ts';
import { askEach, unavailableSchema } from './across-domains.ts';

const replicaSchema = z
  .object({
    domain: z.string(),
    replicaId: z.string(),
    live: z.boolean().describe('Holds a freshness lease: may serve from its memory'),
    leaseUntil: z.iso.datetime().describe("On Redis's clock"),
    appliedId: z.string().describe('Last log entry that it has applied'),
    lag: z.number().int().nullable().describe('Log entries behind; null under another blessing'),
  })
  .meta({ id: 'Replica' });

export function replicaRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/replicas',
      summary: 'Every replica that holds, or lately held, a freshness lease',
      responses: {
        200: {
          description: 'All of them',
          body: z.object({ items: z.array(replicaSchema), unavailable: unavailableSchema }),
        },
      },
      handler: async () => {
        const { answers, ...rest } = await askEach(domains, ({ redis }) => redis.protocol.replicas());
        const items = answers.flatMap(({ domain, value }) =>
          value.map(({ leaseUntilMs, ...replica }) => ({
            domain: domain.name,
            ...replica,
            leaseUntil: new Date(leaseUntilMs).toISOString(),
          })),
        );
        return reply(200, { items, ...rest });
      },
    }),
  ];
}
