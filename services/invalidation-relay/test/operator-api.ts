import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type RunningService, startService } from '@freshet/service-kit';
import { disposeAtEnd } from '@freshet/test-kit';
import { buildRelay } from '../src/app.ts';
import { readRelayConfig } from '../src/config.ts';
import type { RelayFixture } from './relay-fixture.ts';
import { relayEnvironment } from './relay-process.ts';

export interface Api {
  readonly url: string;
  /** Whether everything ended in time. */
  stop(): Promise<boolean>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** A GET, or another method with an empty object, that names another host than it is sent to. */
  sendAs(host: string, path: string, method?: string): Promise<Answer>;
  /** The body of a GET, taken for what it should be. */
  read<Body>(path: string): Promise<Body>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  status: number;
  type: string | null;
  body: Record<string, unknown> & { items: Record<string, unknown>[]; nextCursor?: string };
}

/** A relay with its API in this process. */
export async function startApi(
  fixture: RelayFixture,
  environment: Record<string, string> = {},
): Promise<Api> {
  const service: RunningService = await startService(
    { name: 'invalidation-relay', config: readRelayConfig, build: buildRelay },
    {
      ...relayEnvironment(fixture),
      LOG_LEVEL: 'fatal',
      ...environment,
    },
  );
  disposeAtEnd('the relay', () => service.stop());
  const call = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(`${service.url}${path}`, init);
    return answerOf(response.status, response.headers.get('content-type'), await response.text());
  };
  return {
    url: service.url,
    stop: () => service.stop(),
    get: (path, headers = {}) => call(path, { headers }),
    sendAs: (host, path, method = 'get') => sendAs(new URL(path, service.url), host, method),
    read: async <Body>(path: string) => (await (await fetch(`${service.url}${path}`)).json()) as Body,
    post: (path, body, headers = {}) =>
      call(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
}

/** `fetch` names the host that it asks. */
async function sendAs(url: URL, host: string, method: string): Promise<Answer> {
  const headers = { host, 'content-type': 'application/json' };
  const sent = request(url, { method, headers, agent: false }).end(method === 'get' ? undefined : '{}');
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return answerOf(response.statusCode ?? 0, response.headers['content-type'] ?? null, await text(response));
}

function answerOf(status: number, type: string | null, content: string): Answer {
  const body = (/json/.test(type ?? '') ? JSON.parse(content) : {}) as Answer['body'];
  return { status, type, body };
}
