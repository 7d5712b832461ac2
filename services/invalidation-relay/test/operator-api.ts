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
    const text = await response.text();
    const body = JSON.parse(text || '{}') as Answer['body'];
    return { status: response.status, type: response.headers.get('content-type'), body };
  };
  return {
    url: service.url,
    stop: () => service.stop(),
    get: (path, headers = {}) => call(path, { headers }),
    read: async <Body>(path: string) => (await (await fetch(`${service.url}${path}`)).json()) as Body,
    post: (path, body, headers = {}) =>
      call(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
}
