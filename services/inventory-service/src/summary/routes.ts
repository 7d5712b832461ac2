import { cachedReply, cachedResponseHeaders, type Route, readHeaders, route } from '@freshet/service-kit';
import { z } from 'zod';
import { Summary } from './schema.ts';
import type { SummaryService } from './service.ts';

export function summaryRoutes(summary: SummaryService): Route[] {
  return [
    route({
      method: 'get',
      path: '/inventory/summary',
      summary: 'Count the inventory',
      description: 'Up to 5 minutes old: `asOf` says when it was counted. `Freshet-Min-Version` counts anew.',
      tags: ['stock'],
      headers: z.object(readHeaders),
      responses: {
        200: { description: 'The counts', body: Summary, headers: cachedResponseHeaders },
        304: { description: 'Still the counts that If-None-Match names', headers: cachedResponseHeaders },
      },
      async handler({ headers }) {
        const read = await summary.read(headers['freshet-min-version']);
        return cachedReply(tagged(read), {
          cacheName: 'inventory-service',
          ifNoneMatch: headers['if-none-match'],
          missing: 'Nothing was counted.',
        });
      },
    }),
  ];
}

/** Counts have no version of their own: the instant of the counting stands in for it in the ETag. */
function tagged<Read extends { readonly value: Summary | null }>(read: Read) {
  return { ...read, version: read.value?.asOf ?? '0' };
}
