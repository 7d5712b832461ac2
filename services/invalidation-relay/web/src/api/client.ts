import type {
  AuditList,
  BlessingList,
  InspectedKey,
  Invalidation,
  InvalidationDetail,
  InvalidationPage,
  Overview,
  ReplicaList,
  Session,
} from './contract.ts';
import { ApiProblem, problemOf, unreachable } from './problem.ts';

/** Who acts, and with which right; both are sent with every action. */
export interface Credentials {
  readonly name: string;
  readonly token: string;
}

const ANSWER_WITHIN_MS = 10_000;

/** Relative: the console may be served under a prefix. */
export const eventsPath = 'v1/events';

/** The relay's API. Every method rejects with an `ApiProblem`. */
export const api = {
  overview: () => get<Overview>('v1/overview'),
  replicas: () => get<ReplicaList>('v1/replicas'),
  invalidations: (limit: number, state?: Invalidation['state']) =>
    get<InvalidationPage>(`v1/invalidations?limit=${limit}${state === undefined ? '' : `&state=${state}`}`),
  invalidation: (id: string) => get<InvalidationDetail>(`v1/invalidations/${encodeURIComponent(id)}`),
  deadLetters: () => get<InvalidationPage>('v1/dead-letters?limit=100'),
  audit: () => get<AuditList>('v1/audit'),
  blessings: () => get<BlessingList>('v1/blessings'),
  key: (key: string) => get<InspectedKey>(`v1/keys/${encodeURIComponent(key)}`),
  session: (credentials: Credentials) => ask<Session>('v1/session', { headers: headersOf(credentials) }),

  invalidate: (keys: readonly string[], reason: string, by: Credentials) =>
    post('v1/invalidations', { keys, reason }, by),
  replay: (id: string, reason: string, by: Credentials) =>
    post(`v1/dead-letters/${encodeURIComponent(id)}/replay`, { reason }, by),
  replayAll: (domain: string | null, reason: string, by: Credentials) =>
    post('v1/dead-letters/replay', { ...(domain !== null && { domain }), reason }, by),
};

interface Request {
  readonly method?: 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function get<Answer>(path: string): Promise<Answer> {
  return ask<Answer>(path, {});
}

function post(path: string, body: object, by: Credentials): Promise<unknown> {
  return ask(path, {
    method: 'POST',
    headers: { ...headersOf(by), 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function headersOf({ name, token }: Credentials): Record<string, string> {
  return {
    ...(name !== '' && { 'Freshet-Operator': encodeHeader(name) }),
    ...(token !== '' && { Authorization: `Bearer ${token}` }),
  };
}

/** A header holds no other characters than Latin-1; fetch would throw. */
function encodeHeader(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\xa0-\xff]/gu, '?');
}

async function ask<Answer>(path: string, init: Request): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      ...init,
      cache: 'no-store',
      headers: { Accept: 'application/json', ...init.headers },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    text = await response.text();
  } catch (error) {
    throw unreachable(error);
  }
  if (!response.ok) throw problemOf(response.status, text);
  try {
    return JSON.parse(text) as Answer;
  } catch {
    throw new ApiProblem(response.status, 'NOT_JSON', 'The answer is no JSON: is this address the relay?');
  }
}
