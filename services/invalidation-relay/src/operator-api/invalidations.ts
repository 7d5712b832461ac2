import { notFound, type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import type { OpenDomain } from '../domain/open-domain.ts';
import { parseItemId, toItem } from './invalidation-item.ts';
import { pageQuery, readPage } from './outbox-page.ts';
import type { InvalidationPath } from './operator-store.ts';
import {
  type InvalidationDetail,
  invalidationDetailSchema,
  invalidationPageSchema,
  invalidationState,
} from './schemas/invalidations.ts';

export function invalidationRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/invalidations',
      summary: 'Recent invalidations of all domains, newest first',
      query: pageQuery.extend({ state: invalidationState.optional().describe('In this state only') }),
      responses: { 200: { description: 'A page', body: invalidationPageSchema } },
      handler: async ({ query: { state, ...page } }) => {
        const { items, ...rest } = await readPage(domains, page, (domain, rows) =>
          domain.operators.invalidations(rows, state),
        );
        return reply(200, { items: items.map(({ domain, row }) => toItem(domain, row)), ...rest });
      },
    }),
    route({
      method: 'get',
      path: '/v1/invalidations/{id}',
      summary: 'One invalidation with its path: when it was where',
      params: z.object({ id: z.string().max(100) }),
      responses: {
        200: { description: 'The invalidation', body: invalidationDetailSchema },
        404: 'No such invalidation, or none any more',
      },
      handler: async ({ params }) => {
        const { domain: name, row: id } = parseItemId(params.id) ?? {};
        const domain = domains.find((candidate) => candidate.name === name);
        const row = id === undefined ? null : ((await domain?.operators.invalidation(id)) ?? null);
        if (domain === undefined || row === null) {
          throw notFound(
            'There is no invalidation with this id. Those that were applied are kept for ten minutes.',
          );
        }
        return reply(200, toDetail(domain, row));
      },
    }),
  ];
}

function toDetail({ name }: OpenDomain, { traceparent, ...row }: InvalidationPath): InvalidationDetail {
  const item = toItem(name, row);
  const path: InvalidationDetail['path'] = [{ step: 'committed', at: row.createdAt }];
  if (row.appliedAt !== null) path.push({ step: 'marked', at: row.appliedAt });
  return { ...item, logId: null, path, applied: [], traceId: traceparent?.split('-')[1] ?? null };
}
