import { randomBytes, randomUUID } from 'node:crypto';
import {
  eventually,
  type OtlpReceiver,
  type ReceivedSpan,
  startFaultProxy,
  startOtlpReceiver,
  type TestDatabase,
} from '@freshet/test-kit';
import {
  type Answer,
  type FreshetProcess,
  type RequestOptions,
  runSql,
  startSystem,
  type System,
  untilHit,
  untilRelayed,
} from '@freshet/test-kit/system';
import { beforeAll, describe, expect, test } from 'vitest';
import { documentedNames } from './documentation.ts';
import { ancestorsOf, spanTree } from './span-tree.ts';

let otlp: OtlpReceiver;
let system: System;
let users: TestDatabase;
let relay: FreshetProcess;
let first: FreshetProcess;
let second: FreshetProcess;
let stock: FreshetProcess;

beforeAll(async () => {
  otlp = await startOtlpReceiver();
  system = await startSystem({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_BSP_SCHEDULE_DELAY: '20' },
  });
  users = system.databases.user as TestDatabase;
  [first, second] = system.replicas.user as [FreshetProcess, FreshetProcess];
  [stock] = system.replicas.inventory as [FreshetProcess];
  [relay] = system.relays as [FreshetProcess];
});

/** Sends a request in a sampled trace whose id is known. */
async function traced(
  process: FreshetProcess,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<{ answer: Answer; traceId: string }> {
  const traceId = randomBytes(16).toString('hex');
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
  const headers = { ...options.headers, traceparent };
  return { answer: await process.send(method, path, { ...options, headers }), traceId };
}

const ofTrace = (traceId: string) => otlp.spans().filter((span) => span.traceId === traceId);

async function untilTree(traceId: string, tree: readonly string[]): Promise<void> {
  await eventually(() => expect(spanTree(ofTrace(traceId))).toEqual(tree), { what: 'the tree of the trace' });
}

async function oneSpan(traceId: string, name: string): Promise<ReceivedSpan> {
  const [span] = await otlp.waitForSpans((each) => each.traceId === traceId && each.name === name, {
    what: name,
  });
  return span as ReceivedSpan;
}

async function newUser(): Promise<string> {
  const body = { name: 'Ada', email: `${randomUUID()}@example.com` };
  const { headers } = await first.send('POST', '/users', { body });
  await untilRelayed(users);
  return String(headers.location);
}

async function newProduct(quantity: number): Promise<string> {
  const id = randomUUID();
  const product = { name: 'Weir', description: '', priceCents: 100 };
  await stock.send('PUT', `/products/${id}`, { body: product });
  await stock.send('PUT', `/inventory/${id}`, { body: { quantity } });
  return `/inventory/${id}`;
}

const applications = (indent: string, service: string, kind: string) =>
  ['1', '2'].map((number) => `${indent}freshet.replica.apply ${kind} (${service}-${number})`);

const transaction = ['BEGIN', 'COMMIT', 'SELECT', 'UPDATE'].map(
  (statement) => `  pg.query:${statement} (user-service-1)`,
);

describe('a change is one trace', () => {
  test('of an update: the transaction, the relay, and each replica that applied it', async () => {
    const path = await newUser();
    const { traceId } = await traced(first, 'PATCH', path, { body: { name: 'Augusta' } });
    await untilTree(traceId, [
      'PATCH /users/:id (user-service-1)',
      '  freshet.relay.fan_out #1 (invalidation-relay-1)',
      ...applications('    ', 'user-service', 'key'),
      ...transaction,
    ]);
    const redis = ofTrace(traceId).filter(({ scope }) => scope.endsWith('ioredis'));
    expect(new Set(redis.map(({ name }) => name))).toEqual(new Set(['evalsha freshet.l2.drop', 'publish']));
    const fanOut = await oneSpan(traceId, 'freshet.relay.fan_out');
    expect(fanOut.events.map(({ name }) => name)).toEqual(['freshet.dropped', 'freshet.appended']);
    const attributes = JSON.stringify(ofTrace(traceId).map((span) => span.attributes));
    expect(attributes).not.toContain(path.slice('/users/'.length));
    expect(attributes).not.toContain('Augusta');
  });

  test('of an invalidation by hand', async () => {
    const path = await newUser();
    const keys = [`user:profile:${path.slice('/users/'.length)}`];
    const body = { keys, reason: 'to be traced' };
    const { traceId } = await traced(relay, 'POST', '/v1/invalidations', { body });
    const fanOut = await oneSpan(traceId, 'freshet.relay.fan_out');
    const request = await oneSpan(traceId, 'POST /v1/invalidations');
    expect(fanOut.parentSpanId).toBe(request.spanId);
  });

  test('of a strong write: fence, barrier, transaction, publication', async () => {
    const path = await newProduct(5);
    const { answer, traceId } = await traced(stock, 'POST', `${path}/reservations`, {
      body: { quantity: 2 },
    });
    expect(answer.status).toBe(201);
    await untilTree(traceId, [
      'POST /inventory/:productId/reservations (inventory-service-1)',
      '  freshet.strong_write (inventory-service-1)',
      '    freshet.relay.fan_out #1 (invalidation-relay-1)',
      ...applications('      ', 'inventory-service', 'key'),
      ...applications('    ', 'inventory-service', 'fence'),
      ...['BEGIN', 'COMMIT', 'SELECT', 'SELECT', 'SELECT', 'SET', 'UPDATE'].map(
        (statement) => `    pg.query:${statement} (inventory-service-1)`,
      ),
    ]);
    const { events } = await oneSpan(traceId, 'freshet.strong_write');
    expect(events.map(({ name }) => name)).toEqual(
      ['turn', 'fenced', 'barrier_passed', 'begun', 'work_done', 'committed', 'published'].map(
        (step) => `freshet.${step}`,
      ),
    );
  });

  test('of a strong write that its own work refuses: rolled back, and no error', async () => {
    const path = await newProduct(1);
    const { answer, traceId } = await traced(stock, 'POST', `${path}/reservations`, {
      body: { quantity: 2 },
    });
    expect(answer.status).toBe(409);
    const { events, status } = await oneSpan(traceId, 'freshet.strong_write');
    expect(events.at(-1)?.name).toBe('freshet.rolled_back');
    expect(status.code).toBe('unset');
  });

  test('which ends with it: the lease renewals that a strong write sets off are not in it', async () => {
    const path = await newProduct(1);
    await untilRelayed(system.databases.inventory as TestDatabase);
    // Refused: no doorbell of a relay sets off the next renewal.
    const { traceId } = await traced(stock, 'POST', `${path}/reservations`, { body: { quantity: 2 } });
    const request = await oneSpan(traceId, 'POST /inventory/:productId/reservations');
    const leaseUntil = async () => {
      const { json } = await relay.send('GET', '/v1/replicas');
      const items = json?.['items'] as { replicaId: string; leaseUntil: string }[];
      return items.find(({ replicaId }) => replicaId.startsWith('inventory-service-1'))?.leaseUntil ?? '';
    };
    for (let renewal = 0; renewal < 3; renewal++) {
      const before = await leaseUntil();
      await eventually(async () => (await leaseUntil()) > before, { what: 'the lease is renewed' });
    }
    // Spans leave a process in the order in which they ended.
    await oneSpan((await traced(stock, 'GET', path)).traceId, 'GET /inventory/:productId');
    const late = ofTrace(traceId).filter(
      ({ scope, startUnixNano }) => scope.endsWith('ioredis') && startUnixNano > request.endUnixNano,
    );
    expect(late).toEqual([]);
  });
});

describe('a read says which layer answered', () => {
  const layerOf = async (traceId: string) => {
    const { attributes } = await oneSpan(traceId, 'GET /users/:id');
    return Object.fromEntries(
      Object.entries(attributes).filter(([attribute]) => attribute.startsWith('freshet.')),
    );
  };

  test('nobody but the origin', async () => {
    const { answer, traceId } = await traced(first, 'GET', `/users/${randomUUID()}`);
    expect(answer.headers['cache-status']).toContain('fwd=miss');
    expect(await layerOf(traceId)).toEqual({
      'freshet.cache.entity': 'profile',
      'freshet.cache.layer': 'origin',
      'freshet.cache.fwd': 'miss',
      'freshet.cache.memory': 'miss',
      'freshet.cache.version': '0',
    });
  });

  test.each(['l1', 'l2'])('%s', async (layer) => {
    const reader = { l1: first, l2: second }[layer] as FreshetProcess;
    const { answer, traceId } = await eventually(
      async () => {
        const path = await newUser();
        await untilHit(first, path);
        const read = await traced(reader, 'GET', path);
        expect(read.answer.headers['cache-status']).toContain(`detail=${layer}`);
        return read;
      },
      { what: `an answer from ${layer}` },
    );
    expect(await layerOf(traceId)).toEqual({
      'freshet.cache.entity': 'profile',
      'freshet.cache.layer': layer,
      'freshet.cache.detail': layer,
      'freshet.cache.version': JSON.parse(String(answer.headers.etag)),
      'freshet.cache.age_ms': expect.any(Number),
      ...(layer === 'l2' && { 'freshet.cache.memory': 'miss' }),
    });
  });
});

test('a read that shared the load of another says so', async () => {
  const traceId = await eventually(
    async () => {
      const path = await newUser();
      const reads = await Promise.all(Array.from({ length: 8 }, () => traced(second, 'GET', path)));
      const shared = reads.find(({ answer }) => String(answer.headers['cache-status']).includes('collapsed'));
      return shared?.traceId ?? null;
    },
    { what: 'one of eight reads at a time shares a load' },
  );
  const { attributes } = await oneSpan(traceId, 'GET /users/:id');
  expect(attributes['freshet.cache.collapsed']).toBe(true);
});

/** Another relay instead of the one that runs. */
async function replaceRelay(env: Readonly<Record<string, string>>): Promise<void> {
  const next = await system.startRelay(env);
  await relay.stop();
  relay = next;
}

describe('a change in plain SQL', () => {
  const sqlFanOuts = () =>
    otlp
      .spans()
      .filter(({ name, parentSpanId }) => name === 'freshet.relay.fan_out' && parentSpanId === null);

  test('begins a trace of its own, one for a batch', async () => {
    await newUser();
    await newUser();
    const seen = sqlFanOuts().length;
    await runSql(users, `update users set name = 'by hand'`);
    await untilRelayed(users);
    const span = await eventually(() => sqlFanOuts()[seen] ?? null, { what: 'the fan-out' });
    await untilTree(span.traceId, [
      `freshet.relay.fan_out #1 (${relay.name})`,
      ...applications('  ', 'user-service', 'key'),
    ]);
    expect(span.attributes['freshet.batch.rows']).toBeGreaterThan(1);
    expect(sqlFanOuts()).toHaveLength(seen + 1);
  });

  test('begins none where the sampler says no, while sampled requests are shown', async () => {
    await replaceRelay({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    const path = await newUser();
    const seen = sqlFanOuts().length;
    await runSql(users, `update users set name = 'by hand'`);
    await untilRelayed(users);
    const { traceId } = await traced(first, 'PATCH', path, { body: { name: 'Augusta' } });
    await oneSpan(traceId, 'freshet.relay.fan_out');
    expect(sqlFanOuts()).toHaveLength(seen);
  });
});

test('a retry is in the trace of the change, with its job', async () => {
  const proxy = await startFaultProxy({ url: system.redisCache.url });
  await replaceRelay({ REDIS_CACHE_URL: proxy.url });
  const path = await newUser();
  const stopWatching = proxy.watch((chunk) => {
    // The DROP names the key; what the relay asks before it does not.
    if (!chunk.includes(path.slice('/users/'.length))) return;
    stopWatching();
    proxy.cut();
  });
  const { traceId } = await traced(first, 'PATCH', path, { body: { name: 'Augusta' } });

  const spans = await eventually(
    () => {
      const inTrace = ofTrace(traceId);
      const lastApplied = inTrace.filter(
        (span) => span.name === 'freshet.replica.apply' && ancestorsOf(span, inTrace)[0]?.links.length === 1,
      );
      return lastApplied.length === 2 ? inTrace : null;
    },
    { what: 'both replicas have applied what a job retried' },
  );
  const attempts = spans
    .filter((span) => span.name === 'freshet.relay.fan_out')
    .toSorted((a, b) => Number(a.attributes['freshet.attempt']) - Number(b.attributes['freshet.attempt']));
  const [failed, succeeded] = [attempts[0], attempts.at(-1)];
  expect(failed?.status.code).toBe('error');
  expect(failed?.events, 'DROP failed').toEqual([]);
  expect(succeeded?.status.code).toBe('unset');
  for (const attempt of attempts) expect(ancestorsOf(attempt, spans)[0]?.name).toBe('PATCH /users/:id');

  const link = succeeded?.links[0];
  const job = await eventually(() => ofTrace(traceId).find(({ spanId }) => spanId === link?.spanId) ?? null, {
    what: 'the span of the job',
  });
  expect(job.name).toBe('process freshet-retry-user');
  expect(ancestorsOf(job, ofTrace(traceId)).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['add freshet-retry-user.retry', 'freshet.relay.fan_out', 'PATCH /users/:id']),
  );
});

test('a read that memory could not prove to be fresh says why', async () => {
  await replaceRelay({});
  const path = await newUser();
  await untilHit(first, path);
  await relay.stop();
  const traceId = await eventually(
    async () => {
      const read = await traced(first, 'GET', path);
      expect(read.answer.headers['cache-status']).toContain('detail=lease-expired');
      return read.traceId;
    },
    { what: 'memory does not answer without a relay' },
  );
  const { attributes } = await oneSpan(traceId, 'GET /users/:id');
  expect(attributes).toMatchObject({
    'freshet.cache.memory': 'lease-expired',
    'freshet.cache.detail': 'lease-expired',
    'freshet.cache.fwd': 'bypass',
  });
});

test('every name that was seen is documented, and every documented one was seen', () => {
  const ours = (names: Iterable<string>) =>
    [...new Set(names)].filter((name) => name.startsWith('freshet.')).toSorted();
  const spans = otlp.spans();
  expect(ours(spans.map(({ name }) => name))).toEqual(documentedNames('span'));
  expect(ours(spans.flatMap(({ attributes }) => Object.keys(attributes)))).toEqual(
    documentedNames('attribute'),
  );
  const events = spans.flatMap((span) => span.events.map(({ name }) => name));
  // The first takes a failover in the middle of a write, the second an invalidation in the middle of a load.
  expect(ours([...events, 'freshet.overtaken', 'freshet.not_kept'])).toEqual(documentedNames('event'));
});
