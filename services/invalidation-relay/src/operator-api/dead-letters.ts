import { notFound, type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import type { OpenDomain } from '../domain/open-domain.ts';
import { invalidationPageSchema, toItem } from './invalidation-item.ts';
import { operatorOf } from './operator.ts';
import { pageQuery, readPage } from './outbox-page.ts';

/** As `itemId` makes it. */
const DEAD_LETTER_ID = /^(?<domain>[a-z][a-z0-9-]*)-(?<row>[1-9]\d{0,17})$/;

export function deadLetterRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/dead-letters',
      summary: 'Outbox rows that name no key which a cache could hold, newest first',
      query: pageQuery,
      responses: {
        200: { description: 'A page', body: invalidationPageSchema },
      },
      handler: async ({ query }) => {
        const page = await readPage(domains, query, (domain, rows) => domain.operators.deadLetters(rows));
        return reply(200, { ...page, items: page.items.map(({ domain, row }) => toItem(domain, row)) });
      },
    }),
    route({
      method: 'post',
      path: '/v1/dead-letters/{id}/replay',
      summary: 'Make a dead letter due again',
      description: 'It becomes a dead letter again if it still names no key.',
      params: z.object({ id: z.string().max(100) }),
      responses: {
        202: { description: 'Due again', body: z.object({ domain: z.string(), id: z.string() }) },
        404: 'No such dead letter',
      },
      handler: async ({ params, request }) => {
        const { domain: name, row } = DEAD_LETTER_ID.exec(params.id)?.groups ?? {};
        const domain = domains.find((candidate) => candidate.name === name);
        if (
          domain === undefined ||
          row === undefined ||
          !(await domain.operators.replay(row, operatorOf(request)))
        ) {
          throw notFound('There is no dead letter with this id. GET /v1/dead-letters lists them.');
        }
        domain.relay.poke();
        return reply(202, { domain: domain.name, id: params.id });
      },
    }),
  ];
}
