import { notFound, type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import type { OpenDomain } from '../domain/open-domain.ts';
import { askKnownReplicas } from '../inspection/replica-answers.ts';
import { parseItemId, toItem } from './invalidation-item.ts';
import { pageQuery, readPage } from './outbox-page.ts';
import type { InvalidationPath } from './operator-store.ts';
import {
  type InvalidationDetail,
  invalidationDetailSchema,
  invalidationPageSchema,
  invalidationState,
  invalidationStep,
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
        return reply(200, { ...toDetail(domain, row), applied: await appliedBy(domain, row.logId) });
      },
    }),
  ];
}

function toDetail(
  { name }: OpenDomain,
  { traceparent, logId, drainedAt, droppedAt, appendedAt, ...row }: InvalidationPath,
): Omit<InvalidationDetail, 'applied'> {
  const item = toItem(name, row);
  const times = {
    committed: row.createdAt,
    drained: drainedAt,
    dropped: droppedAt,
    appended: appendedAt,
    marked: row.appliedAt,
  } as const;
  const path = invalidationStep.options.flatMap((step) => {
    const at = times[step];
    return at === null ? [] : [{ step, at }];
  });
  return { ...item, logId, path, traceId: traceparent?.split('-')[1] ?? null };
}

/** Not an error when Redis cannot be asked: the durable part of the path is there all the same. */
async function appliedBy(domain: OpenDomain, logId: string | null): Promise<InvalidationDetail['applied']> {
  if (logId === null) return [];
  const replicas = await askKnownReplicas(domain, { logIds: [logId] }).catch(() => []);
  return replicas.map(({ replicaId, instance, answer }) => {
    const at = answer?.applied[logId];
    return {
      replicaId,
      instance,
      at: at === undefined ? null : new Date(at).toISOString(),
      answered: answer !== null,
    };
  });
}
