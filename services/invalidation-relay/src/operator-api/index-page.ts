import { type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import { pageHeaders, readPage, wantsPage } from '../console/console-page.ts';

const PATHS = [
  '/v1/overview',
  '/v1/replicas',
  '/v1/invalidations',
  '/v1/dead-letters',
  '/v1/audit',
  '/v1/blessings',
  '/v1/session',
  '/v1/events',
  '/docs',
  '/openapi.json',
  '/metrics',
];

/** What a person finds who opens the bare address. */
export function indexRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/',
      summary: 'What is here',
      description: 'For a browser (`Accept: text/html`) the operator’s console.',
      responses: {
        200: {
          description: 'The paths',
          body: z.object({ service: z.string(), paths: z.array(z.string()) }),
        },
      },
      handler: async ({ request }) => {
        const page = wantsPage(request) ? await readPage() : undefined;
        if (page !== undefined) return reply(200, page, pageHeaders);
        return reply(200, { service: 'invalidation-relay', paths: PATHS }, { Vary: 'Accept' });
      },
    }),
  ];
}
