import { notFound, type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import type { OpenDomain } from '../domain/open-domain.ts';
import { namedDomains } from './across-domains.ts';
import { parseItemId, toItem } from './invalidation-item.ts';
import { pageQuery, readPage } from './outbox-page.ts';
import type { OperatorGate } from './permission/operator-gate.ts';
import {
  invalidationPageSchema,
  replayAllSchema,
  replayedAllSchema,
  replayedSchema,
  replaySchema,
} from './schemas/invalidations.ts';

export function deadLetterRoutes(domains: readonly OpenDomain[], gate: OperatorGate): Route[] {
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
      body: replaySchema,
      responses: {
        202: { description: 'Due again', body: replayedSchema },
        401: "The operator's token is missing or wrong",
        403: 'Not from here',
        404: 'No such dead letter',
      },
      handler: async ({ params, body, request }) => {
        const by = gate.admit(request, body.reason);
        const { domain: name, row } = parseItemId(params.id) ?? {};
        const domain = domains.find((candidate) => candidate.name === name);
        if (domain === undefined || row === undefined || !(await domain.operators.replay(row, by))) {
          throw notFound('There is no dead letter with this id. GET /v1/dead-letters lists them.');
        }
        domain.relay.poke();
        gate.acted(by, 'replay a dead letter', { domain: domain.name, id: params.id });
        return reply(202, { domain: domain.name, id: params.id });
      },
    }),
    route({
      method: 'post',
      path: '/v1/dead-letters/replay',
      summary: 'Make all dead letters due again',
      description: 'Those that still name no key become dead letters again.',
      body: replayAllSchema,
      responses: {
        202: { description: 'How many are due again', body: replayedAllSchema },
        401: "The operator's token is missing or wrong",
        403: 'Not from here',
      },
      handler: async ({ body, request }) => {
        const by = gate.admit(request, body.reason);
        let replayed = 0;
        for (const domain of namedDomains(domains, body.domain)) {
          replayed += await domain.operators.replayAll(by);
          domain.relay.poke();
        }
        gate.acted(by, 'replay all dead letters', { replayed });
        return reply(202, { replayed });
      },
    }),
  ];
}
