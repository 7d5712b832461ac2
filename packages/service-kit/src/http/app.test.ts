import { once } from 'node:events';
import { disposeAtEnd, eventually } from '@freshet/test-kit';
import type { Express } from 'express';
import { pino } from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { rawExchange } from '../../test/raw-http.ts';
import { reply } from '../openapi/reply.ts';
import { route } from '../openapi/route.ts';
import { plainText } from '../openapi/schemas.ts';
import { createApp } from './app.ts';
import { conflict, notFound } from './problem.ts';
import { listen } from './server.ts';

const secret = 'hunter2';
const thrown: Record<string, unknown> = {
  unexpected: new Error(`cannot reach postgres://ada:${secret}@localhost`),
  text: 'not an error',
  nothing: undefined,
  'not-found': notFound('There is no such thing.'),
  conflict: conflict('NAME_TAKEN', 'Choose another name.'),
  'logged-500': new Error('x'),
  'status-500': Object.assign(new Error(secret), { status: 500 }),
};

let whenGone: Promise<unknown> | undefined;

const params = z.object({ id: z.string().regex(/^[a-z0-9-]{1,20}$/) });
const routes = [
  route({
    method: 'get',
    path: '/things/{id}',
    summary: 'Read',
    params,
    responses: { 200: 'The thing' },
    handler: ({ params: { id } }) => reply(200, { id, kind: 'one' }),
  }),
  route({
    method: 'get',
    path: '/things/summary',
    summary: 'Count',
    responses: { 200: 'The count' },
    handler: () => reply(200, { kind: 'summary' }),
  }),
  route({
    method: 'put',
    path: '/things/{id}',
    summary: 'Write',
    params,
    query: z.strictObject({ dry: z.enum(['true', 'false']).optional() }),
    body: z.strictObject({
      name: plainText({ min: 1, max: 5 }),
      size: z.int().min(0).optional(),
      inner: z.strictObject({ a: z.string() }).optional(),
    }),
    responses: { 200: 'The thing' },
    handler: ({ params: { id }, body, query }) => reply(200, { id, ...body, ...query }),
  }),
  route({
    method: 'get',
    path: '/throws/{id}',
    summary: 'Throw',
    params,
    responses: {},
    handler: ({ params: { id } }) => {
      throw thrown[id];
    },
  }),
  route({
    method: 'get',
    path: '/waits',
    summary: 'Wait until the caller goes away',
    responses: {},
    async handler({ signal }) {
      whenGone = once(signal, 'abort');
      await whenGone;
      return reply(200, {});
    },
  }),
];

let url: string;
const lines: string[] = [];

function extend(app: Express): void {
  app.get('/half', (_request, response) => {
    response.write('half');
    throw new Error('and no more');
  });
}

beforeAll(async () => {
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const server = await listen(createApp({ name: 'thing-service', routes, log, extend }), {
    host: '127.0.0.1',
    port: 0,
  });
  disposeAtEnd('server', () => server.close(1000));
  url = server.url;
});

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url + path, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

function put(body: string, headers: Record<string, string> = { 'Content-Type': 'application/json' }) {
  return ask('/things/a', { method: 'PUT', body, headers });
}

/** `STATUS CODE` of an answer that is a problem as RFC 9457 and this project want it. */
function problem({ status, headers, body }: Answer): string {
  const code = String(body['code']);
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(body).toMatchObject({
    type: `urn:freshet:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/\.$/),
  });
  expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts:|\\n/);
  return `${status} ${code}`;
}

describe('answers', () => {
  test('come from the handler, without the marks of express', async () => {
    const { status, headers, body } = await ask('/things/a?anything=1');
    expect({ status, body }).toEqual({ status: 200, body: { id: 'a', kind: 'one' } });
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('etag')).toBe(false);
    expect(headers.get('keep-alive'), 'longer than the gateway, which waits 60 s').toBe('timeout=65');
  });

  test('a literal path wins over a parameter, in whatever order they were listed', async () => {
    expect((await ask('/things/summary')).body).toEqual({ kind: 'summary' });
    expect(problem(await ask('/things/summary', { method: 'PUT', body: '{}' }))).toBe(
      '405 METHOD_NOT_ALLOWED',
    );
  });

  test('HEAD has the headers of GET, OPTIONS the methods', async () => {
    const head = await ask('/things/a', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe('23');
    const options = await ask('/things/a', { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toBe('GET, HEAD, OPTIONS, PUT');
  });

  test('valid bodies arrive parsed', async () => {
    expect((await put('{"name":"é\\n","size":0}')).body).toEqual({ id: 'a', name: 'é\n', size: 0 });
  });
});

describe('a body that is wrong', () => {
  test.each([
    ['cut off', '{"name":"a"'],
    ['no JSON', 'name=a'],
    ['not UTF-8 JSON', '{"name":"a",}'],
    ['only a bracket', '['],
  ])('is 400 MALFORMED_JSON: %s', async (_what, body) => {
    expect(problem(await put(body))).toBe('400 MALFORMED_JSON');
  });

  test.each([
    ['a wrong type', '{"name":1}', '/name'],
    ['a missing field', '{}', '/name'],
    ['an unknown field', '{"name":"a","admin":true}', '/admin'],
    ['an unknown field of an inner object', '{"name":"a","inner":{"a":"b","c":1}}', '/inner/c'],
    ['__proto__', '{"name":"a","__proto__":{"size":1}}', '/__proto__'],
    ['constructor', '{"name":"a","constructor":{"prototype":{}}}', '/constructor'],
    ['a name with / and ~', '{"name":"a","a/b~c":1}', '/a~1b~0c'],
    ['too long a text', '{"name":"abcdef"}', '/name'],
    ['U+0000', '{"name":"a\\u0000"}', '/name'],
    ['half a surrogate pair', '{"name":"\\ud800"}', '/name'],
    ['a fraction', '{"name":"a","size":1.5}', '/size'],
    ['a number beyond 2^53', '{"name":"a","size":9007199254740993}', '/size'],
    ['an infinite number', '{"name":"a","size":1e999}', '/size'],
    ['an array', '[]', ''],
    ['null', 'null', ''],
    ['a text', '"name"', ''],
    ['nothing', '', '/name'],
    ['a deep array', `${'['.repeat(40_000)}${']'.repeat(40_000)}`, ''],
    ['a deep object in a field', `{"name":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`, '/name'],
  ])('is 400 INVALID_REQUEST and told where: %s', async (_what, body, pointer) => {
    const answer = await put(body);
    expect(problem(answer)).toBe('400 INVALID_REQUEST');
    expect(answer.body['errors']).toContainEqual({ in: 'body', pointer, detail: expect.any(String) });
  });

  test('all mistakes are listed together, but not thousands, and no value is echoed', async () => {
    const answer = await put(
      JSON.stringify({
        name: secret,
        ...Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, secret])),
      }),
    );
    expect(problem(answer)).toBe('400 INVALID_REQUEST');
    expect(answer.body['errors']).toHaveLength(20);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
  });

  test('over 100 kB is 413, whether announced or not, compressed or not', async () => {
    const large = JSON.stringify({ name: 'a'.repeat(110_000) });
    expect(problem(await put(large))).toBe('413 BODY_TOO_LARGE');
    const chunked = { method: 'PUT', headers: { 'Content-Type': 'application/json' }, duplex: 'half' };
    expect(
      problem(await ask('/things/a', { ...chunked, body: new Blob([large]).stream() } as RequestInit)),
    ).toBe('413 BODY_TOO_LARGE');
    const zipped = new Blob([large]).stream().pipeThrough(new CompressionStream('gzip'));
    const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
    const body = await new Response(zipped).arrayBuffer();
    expect(problem(await ask('/things/a', { method: 'PUT', headers, body }))).toBe('413 BODY_TOO_LARGE');
  });

  test.each([
    ['another content type', { 'Content-Type': 'text/plain' }],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['XML', { 'Content-Type': 'application/xml' }],
    ['a malformed content type', { 'Content-Type': 'json' }],
    ['another character set', { 'Content-Type': 'application/json; charset=latin1' }],
    ['another encoding', { 'Content-Type': 'application/json', 'Content-Encoding': 'compress' }],
  ])('is 415: %s', async (_what, headers) => {
    expect(problem(await put('{"name":"a"}', headers))).toBe('415 UNSUPPORTED_MEDIA_TYPE');
  });

  test('is 415 without a content type', async () => {
    const request =
      'PUT /things/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 12\r\n\r\n{"name":"a"}';
    expect(await rawExchange(url, request)).toContain('"code":"UNSUPPORTED_MEDIA_TYPE"');
  });

  test('is 400 when it is not gzip though it says so', async () => {
    const answer = await put('{"name":"a"}', {
      'Content-Type': 'application/json',
      'Content-Encoding': 'gzip',
    });
    expect(problem(answer)).toBe('400 INVALID_REQUEST');
  });
});

describe('a path, query or method that is wrong', () => {
  test.each([
    ['/nothing', 404, 'ROUTE_NOT_FOUND'],
    ['/things/a/', 404, 'ROUTE_NOT_FOUND'],
    ['/Things/a', 404, 'ROUTE_NOT_FOUND'],
    ['/things/%00', 400, 'INVALID_REQUEST'],
    ['/things/A', 400, 'INVALID_REQUEST'],
    ['/things/%zz', 400, 'INVALID_REQUEST'],
    ['/things/%ff', 400, 'INVALID_REQUEST'],
    ['/things/a%2fb', 400, 'INVALID_REQUEST'],
    [`/things/${'a'.repeat(8000)}`, 400, 'INVALID_REQUEST'],
  ])('%s is %i %s', async (path, status, code) => {
    expect(problem(await ask(path))).toBe(`${status} ${code}`);
  });

  test('another method is 405 with Allow', async () => {
    const answer = await ask('/things/a', { method: 'DELETE' });
    expect(problem(answer)).toBe('405 METHOD_NOT_ALLOWED');
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS, PUT');
    expect(problem(await ask('/things/summary', { method: 'DELETE' }))).toBe('405 METHOD_NOT_ALLOWED');
  });

  test.each(['?dry=maybe', '?dry=true&dry=false', '?unknown=1', '?dry[a]=true'])(
    'query %s is 400',
    async (query) => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await ask(`/things/a${query}`, { method: 'PUT', headers, body: '{"name":"a"}' });
      expect(problem(answer)).toBe('400 INVALID_REQUEST');
    },
  );
});

describe('what express never sees', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', '"code":"MALFORMED_HTTP"'],
    [
      'headers over 16 kB',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      '"code":"HEADERS_TOO_LARGE"',
    ],
    [
      'two lengths',
      'PUT /things/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      '"code":"MALFORMED_HTTP"',
    ],
  ])('is answered as a problem too: %s', async (_what, request, expected) => {
    const answer = await rawExchange(url, request);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(answer).toContain(expected);
  });
});

describe('what handlers throw', () => {
  test('a problem is answered as it is', async () => {
    expect(problem(await ask('/throws/not-found'))).toBe('404 NOT_FOUND');
    expect(problem(await ask('/throws/conflict'))).toBe('409 NAME_TAKEN');
  });

  test.each(['unexpected', 'text', 'status-500'])(
    'what nobody foresaw is 500 INTERNAL, told apart by an instance that the log has too: %s',
    async (id) => {
      lines.length = 0;
      const answer = await ask(`/throws/${id}`);
      expect(problem(answer)).toBe('500 INTERNAL');
      expect(JSON.stringify(answer.body)).not.toContain(secret);
      const logged = lines.map((line): Record<string, unknown> => JSON.parse(line));
      expect(logged).toContainEqual(
        expect.objectContaining({ level: 50, problem: answer.body['instance'], path: `/throws/${id}` }),
      );
    },
  );

  test('undefined, which express takes for no error, is still no success', async () => {
    expect((await ask('/throws/nothing')).status).toBeGreaterThanOrEqual(400);
  });
});

test('the signal of a request aborts when its caller goes away', async () => {
  const caller = new AbortController();
  const answer = fetch(`${url}/waits`, { signal: caller.signal }).catch(() => 'gone');
  await eventually(() => whenGone !== undefined, { what: 'the request arrived' });
  caller.abort();
  expect(await answer).toBe('gone');
  expect(await whenGone).toBeDefined();
});

test('an answer that fails half-way is cut off', async () => {
  const answer = await fetch(`${url}/half`)
    .then((response) => response.text())
    .catch(() => 'cut off');
  expect(answer).toBe('cut off');
});

test('requests are logged at debug level', async () => {
  await ask('/things/logged');
  await ask('/throws/conflict');
  await ask('/throws/logged-500');
  const levels = () =>
    lines
      .map((line): Record<string, unknown> => JSON.parse(line))
      .filter(({ msg, path }) => msg === 'request' && /logged|conflict/.test(String(path)))
      .map(({ level, method, status, durationMs }) => [level, method, status, typeof durationMs]);
  await eventually(() => levels().length >= 3, { what: 'the requests are logged, after their answers' });
  expect(levels()).toEqual(
    expect.arrayContaining([
      [20, 'GET', 200, 'number'],
      [20, 'GET', 409, 'number'],
      [20, 'GET', 500, 'number'],
    ]),
  );
});
