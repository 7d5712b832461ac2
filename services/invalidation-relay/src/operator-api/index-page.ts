import { type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import { pageHeaders, readPage, wantsPage } from '../console/console-page.ts';

/** Of every service, besides its routes. */
const COMMON_PATHS = ['/docs', '/openapi.json', '/livez', '/readyz', '/metrics'];

/** What a person finds who opens the bare address: the paths of `routes`. */
export function indexRoutes(routes: readonly Route[]): Route[] {
  const paths = [...new Set(routes.map(({ path }) => path)), ...COMMON_PATHS];
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
        return reply(200, { service: 'invalidation-relay', paths }, { Vary: 'Accept' });
      },
    }),
  ];
}
