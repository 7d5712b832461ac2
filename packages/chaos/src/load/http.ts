import { Pool } from 'undici';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  /** The version in `ETag`; null without. */
  readonly version: string | null;
  readonly cacheStatus: string | null;
  /** Parsed, or empty when it is no JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** There was no answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** Whether the request can have arrived. */
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.sent = sent;
  }
}

const CONNECT_WITHIN_MS = 1_000;
/** Of a GET. Longer than the gateway's three tries would only hold a client up. */
const READ_WITHIN_MS = 4_000;
/** Of a write: as long as the gateway waits for one. */
const WRITE_WITHIN_MS = 14_000;
const NOT_SENT = ['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH'];

/** Keep-alive connections to whoever is asked. Nothing is ever sent twice. */
export class Http {
  readonly #pools = new Map<string, Pool>();

  /** @throws NoAnswer */
  async send(origin: string, { method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    const within = method === 'GET' ? READ_WITHIN_MS : WRITE_WITHIN_MS;
    try {
      const response = await this.#poolOf(origin).request({
        method,
        path,
        headers: body === undefined ? (headers ?? null) : { 'content-type': 'application/json', ...headers },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: within,
        bodyTimeout: within,
      });
      const text = await response.body.text();
      return {
        status: response.statusCode,
        version: versionIn(response.headers['etag']),
        cacheStatus: one(response.headers['cache-status']),
        body: parse(text),
      };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      throw new NoAnswer(!NOT_SENT.includes(code), error);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  #poolOf(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, { connectTimeout: CONNECT_WITHIN_MS });
      this.#pools.set(origin, pool);
    }
    return pool;
  }
}

function one(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}

function versionIn(etag: string | string[] | undefined): string | null {
  return /"(\d+)"/.exec(one(etag) ?? '')?.[1] ?? null;
}

function parse(text: string): Record<string, unknown> {
  if (!text.startsWith('{')) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
