import { invalidRequest, unavailable } from '@freshet/service-kit';
import type { OpenDomain } from '../domain/open-domain.ts';
import { reasonOf } from '../domain/reason-of.ts';

export interface Answers<Value> {
  answers: { domain: OpenDomain; value: Value }[];
  unavailable?: { domain: string; reason: string }[];
}

/**
 * Asks every domain at once; one that fails does not hide the others.
 * @throws Problem 503 `DOMAINS_UNAVAILABLE` when none of them answers.
 */
export async function askEach<Value>(
  domains: readonly OpenDomain[],
  ask: (domain: OpenDomain) => Promise<Value>,
): Promise<Answers<Value>> {
  const settled = await Promise.allSettled(domains.map(ask));
  const answers: Answers<Value>['answers'] = [];
  const silent: { domain: string; reason: string }[] = [];
  for (const [index, result] of settled.entries()) {
    const domain = domains[index];
    if (domain === undefined) continue;
    if (result.status === 'fulfilled') answers.push({ domain, value: result.value });
    else silent.push({ domain: domain.name, reason: reasonOf(result.reason) });
  }
  if (answers.length === 0 && silent.length > 0) {
    throw unavailable('DOMAINS_UNAVAILABLE', 'No domain can be asked just now. Try again soon.', {
      extensions: { unavailable: silent },
    });
  }
  return silent.length === 0 ? { answers } : { answers, unavailable: silent };
}

/**
 * The one that is named, or all.
 * @throws Problem 400 for a name that this relay does not know
 */
export function namedDomains(
  domains: readonly OpenDomain[],
  name: string | undefined,
): readonly OpenDomain[] {
  if (name === undefined) return domains;
  const named = domains.filter((domain) => domain.name === name);
  if (named.length > 0) return named;
  throw invalidRequest(
    `This relay has no such domain. It has: ${domains.map((domain) => domain.name).join(', ')}.`,
  );
}
