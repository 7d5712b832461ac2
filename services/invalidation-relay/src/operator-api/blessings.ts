import { type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import type { RecordedBlessing } from '../blessing/blessing-store.ts';
import type { OpenDomain } from '../domain/open-domain.ts';
import { askEach, namedDomains } from './across-domains.ts';
import { blessingListSchema } from './schemas/audit.ts';

const HISTORY = 100;

export function blessingRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/blessings',
      summary: 'Who has spoken for each domain: failovers, restarts, and how long they took; newest first',
      query: z.strictObject({ domain: z.string().optional() }),
      responses: { 200: { description: `The last ${HISTORY} of each domain`, body: blessingListSchema } },
      handler: async ({ query }) => {
        const { answers, ...rest } = await askEach(namedDomains(domains, query.domain), ({ blessings }) =>
          blessings.history(HISTORY),
        );
        const items = answers
          .flatMap(({ domain, value }) =>
            value.map((blessing) => ({ domain: domain.name, ...toBlessing(blessing) })),
          )
          .toSorted((a, b) => (a.recordedAt < b.recordedAt ? 1 : -1));
        return reply(200, { items, ...rest });
      },
    }),
  ];
}

/** What is shown of it. */
export function toBlessing({
  ageMs: _age,
  finished: _finished,
  ...blessing
}: RecordedBlessing & { recordedAt: string; finishedAt: string | null }) {
  return blessing;
}
