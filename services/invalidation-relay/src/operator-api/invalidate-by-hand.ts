import { isFreshetError } from '@freshet/cache-core';
import { parseLogicalKey } from '@freshet/cache-core/protocol';
import { type Route, reply, route } from '@freshet/service-kit';
import type { OpenDomain } from '../domain/open-domain.ts';
import { itemId } from './invalidation-item.ts';
import { malformedKey, ownerOf, unknownEntity } from './key-owner.ts';
import type { InvalidationTarget } from './operator-store.ts';
import type { OperatorGate } from './permission/operator-gate.ts';
import { type Accepted, acceptedSchema, byHandSchema } from './schemas/invalidations.ts';

export function invalidateByHandRoutes(domains: readonly OpenDomain[], gate: OperatorGate): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/invalidations',
      summary: 'Remove keys, or a whole entity, from every cache',
      description:
        'Written to the outbox of the domain, so it survives every crash from the moment of the answer. Harmless when repeated.',
      body: byHandSchema,
      responses: {
        202: { description: 'In the outbox', body: acceptedSchema },
        400: 'A malformed key, or an entity that no domain of this relay caches',
        401: "The operator's token is missing or wrong",
        403: 'Not from here',
      },
      handler: async ({ body, request }) => {
        const by = gate.admit(request, body.reason);
        const targets = 'keys' in body ? body.keys.map(parseKey) : [parseEntity(body.service, body.entity)];
        const items: Accepted['items'] = [];
        for (const [domain, its] of await groupByDomain(domains, targets)) {
          const ids = await domain.operators.invalidate(its, by);
          domain.relay.poke();
          gate.acted(by, 'invalidate', { domain: domain.name, invalidations: ids.length, first: ids[0] });
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
  throw malformedKey(
    `${quoted(key)} names a whole entity. Send {"service":"${target.service}","entity":"${target.entity}"} to remove all of it.`,
  );
}

function parseEntity(service: string, entity: string): NamedTarget {
  const key = `${service}:${entity}`;
  const target = parse(key);
  if (target.idParts === null) return { ...target, key };
  throw malformedKey(
    `${quoted(service)} and ${quoted(entity)} are not the names of a service and an entity.`,
  );
}

function parse(key: string): InvalidationTarget {
  try {
    return parseLogicalKey(key);
  } catch (error) {
    if (isFreshetError(error)) throw malformedKey(error.message);
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
    if (owner === null) throw unknownEntity(name);
    grouped.set(owner, [...(grouped.get(owner) ?? []), target]);
  }
  return grouped;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
