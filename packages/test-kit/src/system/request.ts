import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, with its content type; a string or bytes are sent as they are. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body, or undefined when it is not JSON. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

const answerWithinMs = 30_000;

/**
 * One HTTP request on a connection of its own. Unlike fetch it leaves the path alone ('/a/../b', '%2e', raw
 * bytes), and sends bodies with any method.
 */
export function send(
  method: string,
  url: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const body = toBytes(options.body);
  const json = body !== undefined && !isRaw(options.body) ? { 'content-type': 'application/json' } : {};
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      hostname,
      port,
      method,
      path,
      agent: false,
      headers: { ...json, ...(body && { 'content-length': String(body.length) }), ...options.headers },
      timeout: answerWithinMs,
    });
    request.once('error', reject);
    request.once('timeout', () =>
      request.destroy(new Error(`${method} ${path} got no answer in ${answerWithinMs} ms`)),
    );
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parse(text) });
      });
    });
    request.end(body);
  });
}

function isRaw(body: unknown): body is string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body);
}

function toBytes(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  return Buffer.from(isRaw(body) ? body : JSON.stringify(body));
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
