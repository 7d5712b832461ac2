import { Problem } from '@freshet/service-kit';
import type { OpenDomain } from '../domain/open-domain.ts';

/**
 * The domain that caches the entity; null when none does. Not hidden behind a domain that is down: then it cannot be
 * known whether it is the owner.
 */
export async function ownerOf(
  domains: readonly OpenDomain[],
  { service, entity }: { service: string; entity: string },
): Promise<OpenDomain | null> {
  const asked = await Promise.allSettled(domains.map((domain) => domain.operators.knows(service, entity)));
  const index = asked.findIndex((answer) => answer.status === 'fulfilled' && answer.value);
  const failed = asked.find((answer) => answer.status === 'rejected');
  if (index === -1 && failed !== undefined) throw failed.reason;
  return domains[index] ?? null;
}

export function unknownEntity(name: string): Problem {
  return new Problem({
    status: 400,
    code: 'UNKNOWN_ENTITY',
    detail: `No domain of this relay caches ${name}. Check the spelling: a key is service:entity:id, as in user:profile:123.`,
  });
}

export function malformedKey(detail: string): Problem {
  return new Problem({ status: 400, code: 'INVALID_KEY', detail });
}
