import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Http, type HttpRequest } from '../../src/load/http.ts';
import { type Seen, seenFailure, seenRead, seenWrite } from '../../src/load/seen.ts';

const http = new Http();
let server: Server | undefined;
afterEach(async () => {
  await http.close();
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

async function ask(origin: string, request: HttpRequest): Promise<Seen> {
  const isRead = request.method === 'GET';
  try {
    const answer = await http.send(origin, request);
    return isRead ? seenRead(answer, ({ name }) => String(name)) : seenWrite(answer, 'written');
  } catch (error) {
    return seenFailure(error, 'written', isRead);
  }
}

const write: HttpRequest = { method: 'PUT', path: '/products/lamp', body: { name: 'x' } };
const read: HttpRequest = { method: 'GET', path: '/products/lamp' };

function answering(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: unknown = {},
): RequestListener {
  return (_, response) => {
    response.writeHead(status, headers);
    response.end(status === 304 || status === 204 ? undefined : JSON.stringify(body));
  };
}

test.each<[string, RequestListener, Partial<Seen>]>([
  ['written', answering(200, { etag: '"7"' }), { outcome: 'ok', version: '7', value: 'written' }],
  ['deleted', answering(204, { etag: '"8"' }), { outcome: 'ok', version: '8' }],
  ['not there', answering(404, {}, { code: 'NOT_FOUND' }), { outcome: 'failed', detail: 'NOT_FOUND' }],
  ['turned away', answering(503, {}, { code: 'OVERLOADED' }), { outcome: 'failed' }],
  [
    'a commit that nobody knows about',
    answering(503, {}, { code: 'COMMIT_UNKNOWN' }),
    { outcome: 'unknown' },
  ],
  ['an answer that is no problem of ours', answering(503), { outcome: 'unknown' }],
  [
    'a gateway that got no answer',
    answering(502, {}, { code: 'GATEWAY_BAD_GATEWAY' }),
    { outcome: 'unknown' },
  ],
  ['a gateway that waited too long', answering(504, {}, { code: 'GATEWAY_TIMEOUT' }), { outcome: 'unknown' }],
  ['an error that nobody foresaw', answering(500, {}, { code: 'INTERNAL' }), { outcome: 'unknown' }],
  ['a connection that breaks', (request) => request.socket.destroy(), { outcome: 'unknown', status: 0 }],
])('the outcome of a write: %s', async (_, answer, expected) => {
  expect(await ask(await serve(answer), write)).toMatchObject(expected);
});

test('a write that nobody took has not happened', async () => {
  const origin = await serve(answering(200));
  server?.close();
  expect(await ask(origin, write)).toMatchObject({ outcome: 'failed', status: 0 });
});

test('a write is never sent twice', async () => {
  let requests = 0;
  const origin = await serve((request, response) => {
    requests += 1;
    if (requests === 1) answering(200)(request, response);
    else request.socket.destroy();
  });
  await ask(origin, write);
  expect(await ask(origin, write)).toMatchObject({ outcome: 'unknown' });
  expect(requests).toBe(2);
});

const cached = (status: string) => ({ etag: '"7"', 'cache-status': `inventory-service; ${status}` });

test.each<[string, RequestListener, Partial<Seen>]>([
  [
    'from memory',
    answering(200, cached('hit; ttl=5; detail=l1'), { name: 'a' }),
    { outcome: 'ok', layer: 'l1', version: '7', value: 'a' },
  ],
  ['from Redis', answering(200, cached('hit; ttl=5; detail=l2')), { layer: 'l2' }],
  ['loaded', answering(200, cached('fwd=miss; stored')), { layer: 'origin', detail: 'miss' }],
  [
    'past the caches',
    answering(200, cached('fwd=bypass; detail=lease-expired')),
    { layer: 'origin', detail: 'lease-expired' },
  ],
  [
    'unchanged',
    answering(304, cached('hit; ttl=5; detail=l1')),
    { outcome: 'ok', version: '7', value: null },
  ],
  [
    'none there',
    answering(404, { 'cache-status': 'inventory-service; hit; ttl=5; detail=l2' }),
    { outcome: 'ok', layer: 'l2', version: null, value: null },
  ],
  [
    'an answer that does not say where it came from',
    answering(200, { etag: '"7"' }, { name: 'a' }),
    { outcome: 'ok', layer: null, version: '7', value: 'a' },
  ],
  [
    'unchanged, from who knows where',
    answering(304, { etag: '"7"' }),
    { outcome: 'ok', layer: null, version: '7' },
  ],
  ['a 404 that no cache has said', answering(404), { outcome: 'failed' }],
  [
    'turned away',
    answering(503, {}, { code: 'LOAD_TIMEOUT' }),
    { outcome: 'failed', detail: 'LOAD_TIMEOUT' },
  ],
])('what a read is taken for: %s', async (_, answer, expected) => {
  expect(await ask(await serve(answer), read)).toMatchObject(expected);
});
