import { isFreshetError } from '@freshet/cache-core';
import { parseLogicalKey } from '@freshet/cache-core/protocol';
import { Problem, type Route, reply, route } from '@freshet/service-kit';
import * as z from 'zod';
import type { OpenDomain } from '../domain/open-domain.ts';
import { invalidationPageSchema, itemId, toItem } from './invalidation-item.ts';
import { operatorOf, reasonSchema } from './operator.ts';
import type { InvalidationTarget } from './operator-store.ts';
import { pageQuery, readPage } from './outbox-page.ts';

const MOST_KEYS = 1_000;
const MOST_CHARACTERS = 2_000;

const FORMS =
  'send {"keys":["user:profile:123"]} for keys, or {"service":"user","entity":"profile"} for a whole entity; "reason" may go with both';

const byHand = z.union(
  [
    z.strictObject({
      keys: z.array(z.string().min(1).max(MOST_CHARACTERS)).min(1).max(MOST_KEYS),
      reason: reasonSchema,
    }),
    z.strictObject({
      service: z.string().min(1).max(63),
      entity: z.string().min(1).max(63),
      reason: reasonSchema,
    }),
  ],
  { error: FORMS },
);

const accepted = z.object({
  items: z.array(z.object({ domain: z.string(), id: z.string(), key: z.string() })),
});

export function invalidationRoutes(domains: readonly OpenDomain[]): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/invalidations',
      summary: 'Recent invalidations of all domains, newest first',
      query: pageQuery,
      responses: {
        200: { description: 'A page', body: invalidationPageSchema },
      },
      handler: async ({ query }) => {
        const page = await readPage(domains, query, (domain, rows) => domain.operators.invalidations(rows));
        return reply(200, { ...page, items: page.items.map(({ domain, row }) => toItem(domain, row)) });
      },
    }),
    route({
      method: 'post',
      path: '/v1/invalidations',
      summary: 'Remove keys, or a whole entity, from every cache',
      description:
        'Written to the outbox of the domain, so it survives every crash from the moment of the answer. Harmless when repeated.',
      body: byHand,
      responses: {
        202: { description: 'In the outbox', body: accepted },
        400: 'A malformed key, or an entity that no domain of this relay caches',
      },
      handler: async ({ body, request }) => {
        const targets = 'keys' in body ? body.keys.map(parseKey) : [parseEntity(body.service, body.entity)];
        const byDomain = await groupByDomain(domains, targets);
        const by = operatorOf(request, body.reason);
        const items: z.input<typeof accepted>['items'] = [];
        for (const [domain, its] of byDomain) {
          const ids = await domain.operators.invalidate(its, by);
          domain.relay.poke();
          for (const [index, id] of ids.entries()) {
            items.push({ domain: domain.name, id: itemId(domain.name, id), key: its[index]?.key ?? '' });
          }
        }
        return reply(202, { items });
      },
    }),
  ];
}

type NamedTarget = InvalidationTarget & { key: string };

function parseKey(key: string): NamedTarget {
  const target = parse(key);
  if (target.idParts !== null) return { ...target, key };
  throw malformed(
    `${quoted(key)} names a whole entity. Send {"service":"${target.service}","entity":"${target.entity}"} to remove all of it.`,
  );
}

function parseEntity(service: string, entity: string): NamedTarget {
  const key = `${service}:${entity}`;
  const target = parse(key);
  if (target.idParts === null) return { ...target, key };
  throw malformed(`${quoted(service)} and ${quoted(entity)} are not the names of a service and an entity.`);
}

function parse(key: string): InvalidationTarget {
  try {
    return parseLogicalKey(key);
  } catch (error) {
    if (isFreshetError(error)) throw malformed(error.message);
    throw error;
  }
}

/** Every target with the one domain that caches its entity. */
async function groupByDomain(
  domains: readonly OpenDomain[],
  targets: readonly NamedTarget[],
): Promise<Map<OpenDomain, NamedTarget[]>> {
  const owners = new Map<string, OpenDomain | null>();
  const grouped = new Map<OpenDomain, NamedTarget[]>();
  for (const target of targets) {
    const name = `${target.service}:${target.entity}`;
    let owner = owners.get(name);
    if (owner === undefined) {
      owner = await ownerOf(domains, target);
      owners.set(name, owner);
    }
    if (owner === null) {
      throw new Problem({
        status: 400,
        code: 'UNKNOWN_ENTITY',
        detail: `No domain of this relay caches ${name}. Check the spelling: a key is service:entity:id, as in user:profile:123.`,
      });
    }
    grouped.set(owner, [...(grouped.get(owner) ?? []), target]);
  }
  return grouped;
}

/** Not hidden behind a domain that is down: then it cannot be known whether it is the owner. */
async function ownerOf(
  domains: readonly OpenDomain[],
  { service, entity }: NamedTarget,
): Promise<OpenDomain | null> {
  const asked = await Promise.allSettled(domains.map((domain) => domain.operators.knows(service, entity)));
  const index = asked.findIndex((answer) => answer.status === 'fulfilled' && answer.value);
  const failed = asked.find((answer) => answer.status === 'rejected');
  if (index === -1 && failed !== undefined) throw failed.reason;
  return domains[index] ?? null;
}

function malformed(detail: string): Problem {
  return new Problem({ status: 400, code: 'INVALID_KEY', detail });
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
