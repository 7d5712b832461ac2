import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, request, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type TestContext, test, vi } from 'vitest';
import { freePort } from '../src/parts/free-port.ts';
import { gatewayPart } from '../src/start/gateway.ts';
import { type Delivery, type StandInReplica, standInReplica } from './stand-in-replica.ts';

const writes = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** How a replica can fail after it has got a request. */
const failures: Record<string, (response: ServerResponse) => void> = {
  'breaks off without an answer': (response) => response.socket?.destroy(),
  'answers 502': (response) => response.writeHead(502).end('{}'),
  'answers 503': (response) => response.writeHead(503).end('{}'),
  'never answers': () => {},
};

for (const [failure, fail] of Object.entries(failures)) {
  test.concurrent(`GET goes to the other replica when the first ${failure}`, async (context) => {
    const { gateway, deliveries } = await startGateway(context, ({ number }, response) =>
      number === 1 ? fail(response) : response.end('fine'),
    );
    const answer = await send(gateway, 'GET', '/users/1');
    expect(answer).toMatchObject({ status: 200, body: 'fine' });
    expect(deliveries).toHaveLength(2);
    expect(new Set(deliveries.map(({ replica }) => replica)).size).toBe(2);
  });
}

for (const method of writes) {
  test.concurrent(`${method} is delivered exactly once when its replica breaks off, and the answer says that it is unknown`, async (context) => {
    const { gateway, deliveries } = await startGateway(context, (_, response) => response.socket?.destroy());
    const answer = await send(gateway, method, '/inventory/lamp', '{"quantity":1}');
    expect(deliveries).toEqual([expect.objectContaining({ method, body: '{"quantity":1}' })]);
    expect(answer).toMatchObject({ status: 502, problem: { status: 502, code: 'GATEWAY_BAD_GATEWAY' } });
  });

  test.concurrent(`${method} is delivered exactly once when its replica answers 503, and the caller sees that answer`, async (context) => {
    const { gateway, deliveries } = await startGateway(context, (_, response) =>
      response.writeHead(503).end('overloaded'),
    );
    const answer = await send(gateway, method, '/products/lamp', '{}');
    expect(deliveries).toHaveLength(1);
    expect(answer).toMatchObject({ status: 503, body: 'overloaded' });
  });
}

test.concurrent('a write on a connection that was used before is delivered exactly once and answered 502', async (context) => {
  const { gateway, deliveries } = await startGateway(context, ({ method }, response) =>
    method === 'GET' ? response.end('fine') : response.socket?.destroy(),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  context.onTestFinished(() => agent.destroy());
  for (let count = 0; count < 4; count++)
    expect(await send(gateway, 'GET', '/users/1', '', agent)).toMatchObject({ status: 200 });
  const answer = await send(gateway, 'POST', '/users', '{}', agent);
  expect(deliveries.filter(({ method }) => method === 'POST')).toHaveLength(1);
  expect(answer).toMatchObject({ status: 502, problem: { code: 'GATEWAY_BAD_GATEWAY' } });
});

test.concurrent('a write that is never answered is delivered exactly once and answered 504', async (context) => {
  const { gateway, deliveries } = await startGateway(context, () => {});
  const answer = await send(gateway, 'PATCH', '/users/1', '{}');
  expect(deliveries).toHaveLength(1);
  expect(answer).toMatchObject({ status: 504, problem: { status: 504, code: 'GATEWAY_TIMEOUT' } });
});

test.concurrent('a write whose replica has just gone reaches the other one: nothing had been sent', async (context) => {
  const { gateway, deliveries, replicas } = await startGateway(context, (_, response) =>
    response.writeHead(201).end(),
  );
  await replicas[0]?.close();
  for (let count = 0; count < 4; count++)
    expect(await send(gateway, 'POST', '/users', '{}')).toMatchObject({ status: 201 });
  expect(deliveries).toHaveLength(4);
});

test.concurrent('a replica that is not ready gets nothing; with none left the answer is 503, and the gateway is not ready', async (context) => {
  const ready = new Map([
    ['one', true],
    ['two', true],
  ]);
  const { gateway, deliveries } = await startGateway(
    context,
    (_, response) => response.end('fine'),
    (name) => ready.get(name) ?? false,
  );
  expect(await send(gateway, 'GET', '/readyz')).toMatchObject({ status: 200 });

  ready.set('one', false);
  await vi.waitFor(
    async () => {
      deliveries.length = 0;
      for (let count = 0; count < 4; count++) await send(gateway, 'GET', '/users/1');
      expect(deliveries.every(({ replica }) => replica === 'two')).toBe(true);
    },
    { timeout: 10_000 },
  );

  ready.set('two', false);
  await vi.waitFor(async () => expect(await send(gateway, 'GET', '/readyz')).toMatchObject({ status: 503 }), {
    timeout: 10_000,
  });
  const answer = await send(gateway, 'GET', '/users/1');
  expect(answer).toMatchObject({ status: 503, problem: { status: 503, code: 'GATEWAY_NO_REPLICA' } });
  expect(answer.headers['retry-after']).toBe('1');
  expect(await send(gateway, 'GET', '/livez')).toMatchObject({ status: 200 });
});

test.concurrent('only the public routes lead to a service', async (context) => {
  const { gateway, deliveries } = await startGateway(context, ({ replica }, response) =>
    response.end(replica),
  );
  for (const path of ['/', '/metrics', '/usersx', '/Users/1', '/docs', '/v1/replicas', '/livez/x']) {
    expect({ path, ...(await send(gateway, 'GET', path)) }).toMatchObject({
      path,
      status: 404,
      problem: { code: 'GATEWAY_NOT_FOUND' },
    });
  }
  expect(deliveries).toHaveLength(0);
  for (const path of [
    '/users',
    '/users/1?x=y',
    '/sessions',
    '/sessions/1',
    '/inventory/summary',
    '/products/a',
    '/products',
  ]) {
    expect({ path, ...(await send(gateway, 'GET', path)) }).toMatchObject({ path, status: 200 });
  }
});

async function startGateway(
  { onTestFinished }: TestContext,
  answer: (delivery: Delivery, response: ServerResponse) => void,
  ready: (name: string) => boolean = () => true,
) {
  const deliveries: Delivery[] = [];
  const replicas: StandInReplica[] = [];
  for (const name of ['one', 'two']) {
    const replica = await standInReplica({ name, deliveries, answer, ready: () => ready(name) });
    onTestFinished(() => replica.close());
    replicas.push(replica);
  }
  const stateFolder = await mkdtemp(join(tmpdir(), 'freshet-gateway-'));
  onTestFinished(() => rm(stateFolder, { recursive: true }));
  const port = await freePort();
  const process = await gatewayPart({
    port,
    stateFolder,
    backends: { 'user-service': replicas, 'inventory-service': replicas },
  }).start();
  onTestFinished(() => process.kill('SIGKILL'));
  return { gateway: `http://127.0.0.1:${port}`, deliveries, replicas };
}

interface GatewayAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body, when it says that it is one. */
  readonly problem: unknown;
}

/** `fetch` would send a request again by itself when a connection that was used before breaks. */
function send(
  gateway: string,
  method: string,
  path: string,
  body = '',
  agent = new Agent(),
): Promise<GatewayAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${gateway}${path}`,
      { method, agent, headers: { 'content-length': Buffer.byteLength(body) } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            body: text,
            problem:
              response.headers['content-type'] === 'application/problem+json' ? JSON.parse(text) : undefined,
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
