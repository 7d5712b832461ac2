import { isFreshetError } from '@freshet/cache-core';
import { parseLogicalKey } from '@freshet/cache-core/protocol';
import { type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import type { OpenDomain } from '../domain/open-domain.ts';
import { inspectKey } from '../inspection/inspect-key.ts';
import { malformedKey, ownerOf, unknownEntity } from './key-owner.ts';
import { inspectedKeySchema } from './schemas/keys.ts';

export function keyRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/keys/{key}',
      summary: 'One key in every layer, side by side: versions, ages, lifetimes; never its value',
      description:
        'The logical key, percent-encoded once more for the path. Nothing is loaded, touched or counted.',
      params: z.object({ key: z.string().min(1).max(2_000) }),
      responses: {
        200: { description: 'Where it is', body: inspectedKeySchema },
        400: 'A malformed key, or an entity that no domain of this relay caches',
      },
      handler: async ({ params: { key } }) => {
        const { service, entity, idParts } = parse(key);
        const domain = await ownerOf(domains, { service, entity });
        if (domain === null) throw unknownEntity(`${service}:${entity}`);
        return reply(200, await inspectKey(domain, { key, service, entity, idParts }));
      },
    }),
  ];
}

function parse(key: string) {
  try {
    const { idParts, ...names } = parseLogicalKey(key);
    if (idParts !== null) return { idParts, ...names };
  } catch (error) {
    if (isFreshetError(error)) throw malformedKey(error.message);
    throw error;
  }
  throw malformedKey('It names a whole entity. Name one key: service:entity:id, as in user:profile:123.');
}
