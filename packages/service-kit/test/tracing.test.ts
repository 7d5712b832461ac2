import {
  createDatabase,
  eventually,
  startFaultProxy,
  startOtlpReceiver,
  startRedis,
} from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { messages, startFixture } from './fixture-process.ts';

const quick = { OTEL_BSP_SCHEDULE_DELAY: '10' };
const onlyAtTheEnd = { OTEL_BSP_SCHEDULE_DELAY: '600000' };

test('one request is one trace: its HTTP, Redis and Postgres spans, without keys and values', async () => {
  const [otlp, redis, database] = await Promise.all([startOtlpReceiver(), startRedis(), createDatabase()]);
  const fixture = await startFixture({
    ...quick,
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    REDIS_CACHE_URL: redis.url,
    DATABASE_URL: database.url,
    INSTANCE_NAME: 'fixture-service-7',
  });
  expect(fixture.log().find(({ msg }) => msg === 'building')).toMatchObject({ wrapped: true });
  await fetch(`${fixture.url()}/readyz`);
  const response = await fetch(`${fixture.url()}/stores/very-private`);
  expect(await response.json()).toEqual({ value: '9007199254740993' });

  const [server] = await otlp.waitForSpans((span) => span.name === 'GET /stores/:key', {
    what: 'the span of the request',
  });
  const traceId = server?.traceId ?? '';
  const inTrace = await otlp.waitForSpans((span) => span.traceId === traceId, {
    what: 'its spans',
    atLeast: 3,
  });
  expect(inTrace.map(({ scope }) => scope.replace('@opentelemetry/instrumentation-', '')).toSorted()).toEqual(
    ['@freshet/service-kit', 'ioredis', 'pg'],
  );
  for (const { scope, parentSpanId, resource } of inTrace) {
    expect({ scope, parentSpanId, resource }).toMatchObject({
      parentSpanId: scope.endsWith('service-kit') ? null : server?.spanId,
      resource: { 'service.name': 'service-kit', 'service.instance.id': 'fixture-service-7' },
    });
  }
  const ofRedis = inTrace.find(({ scope }) => scope.endsWith('ioredis'));
  expect(ofRedis?.name).toBe('set');
  expect(JSON.stringify(ofRedis?.attributes)).not.toMatch(/very-private|secret value/);
  expect(JSON.stringify(inTrace.map(({ attributes }) => attributes))).not.toContain('9007199254740993');

  expect(otlp.spans().filter((span) => span.name.includes('readyz'))).toEqual([]);
  expect(fixture.log().find(({ msg }) => msg === 'asked both stores')).toMatchObject({ trace_id: traceId });
});

test('a request is described as OpenTelemetry wants it, without its path', async () => {
  const otlp = await startOtlpReceiver();
  const fixture = await startFixture({ ...quick, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url });
  const { port } = new URL(fixture.url());
  await fetch(`${fixture.url()}/nowhere/very-private?email=a@b.c`, { headers: { 'user-agent': 'curl' } });
  const controller = new AbortController();
  const hanging = fetch(`${fixture.url()}/hang`, { signal: controller.signal });
  await eventually(() => messages(fixture).includes('hanging'), { what: 'the request arrived' });
  controller.abort();
  await expect(hanging).rejects.toThrow('aborted');
  const [lost] = await otlp.waitForSpans(({ name }) => name === 'GET', { what: 'no route' });
  expect(lost).toMatchObject({ kind: 'server', status: { code: 'unset' } });
  expect(lost?.attributes).toEqual({
    'http.request.method': 'GET',
    'http.response.status_code': 404,
    'network.peer.address': '127.0.0.1',
    'network.protocol.version': '1.1',
    'server.address': '127.0.0.1',
    'server.port': Number(port),
    'url.scheme': 'http',
    'user_agent.original': 'curl',
  });
  const [cutOff] = await otlp.waitForSpans(({ name }) => name === 'GET /hang', { what: 'the cut off one' });
  expect(cutOff).toMatchObject({
    attributes: { 'http.route': '/hang', 'error.type': 'cut-off' },
    status: { code: 'error' },
  });
});

test('a request that is not sampled has its ids in the log, and no span, nor have its calls', async () => {
  const [otlp, redis, database] = await Promise.all([startOtlpReceiver(), startRedis(), createDatabase()]);
  const fixture = await startFixture({
    ...quick,
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    REDIS_CACHE_URL: redis.url,
    DATABASE_URL: database.url,
  });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const from = (flags: string) => ({ traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` });
  await fetch(`${fixture.url()}/stores/a`);
  await fetch(`${fixture.url()}/stores/b`, { headers: from('00') });
  const asked = fixture.log().filter(({ msg }) => msg === 'asked both stores');
  expect(asked.map(({ trace_id }) => trace_id)).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), traceId]);
  // The caller decides; spans leave in the order in which they ended.
  await fetch(`${fixture.url()}/stores/c`, { headers: from('01') });
  await otlp.waitForSpans(({ name }) => name === 'GET /stores/:key', { what: 'the sampled request' });
  expect(otlp.spans()).toHaveLength(3);
});

test('without a collector nothing is wrapped, and metrics are there all the same', async () => {
  const fixture = await startFixture();
  const metrics = await fetch(`${fixture.url()}/metrics`);
  expect(metrics.status).toBe(200);
  expect(fixture.log().find(({ msg }) => msg === 'building')).toMatchObject({ wrapped: false });
});

test('the last spans, and the metrics where they are sent, leave before the end', async () => {
  const otlp = await startOtlpReceiver();
  const fixture = await startFixture({
    ...onlyAtTheEnd,
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    OTEL_METRICS_EXPORTER: 'otlp',
    INSTANCE_NAME: 'fixture-service-7',
  });
  await fetch(`${fixture.url()}/openapi.json`);
  expect(await fixture.stop()).toEqual({ code: 0, signal: null });
  expect(otlp.metrics().find(({ name }) => name === 'process_cpu_seconds')).toMatchObject({
    resource: { 'service.name': 'service-kit', 'service.instance.id': 'fixture-service-7' },
  });
  expect(otlp.spans().map(({ name }) => name)).toEqual(['GET /openapi.json']);
});

async function silentCollector(): Promise<string> {
  const otlp = await startOtlpReceiver();
  const proxy = await startFaultProxy({ url: otlp.url });
  proxy.pause();
  return proxy.url;
}

test.each([
  ['refuses', async () => 'http://127.0.0.1:1'],
  ['never answers', silentCollector],
])('a collector that %s does not change how the process ends', async (_how, collector) => {
  const fixture = await startFixture({
    ...onlyAtTheEnd,
    OTEL_EXPORTER_OTLP_ENDPOINT: await collector(),
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
    SHUTDOWN_DEADLINE_MS: '1000',
  });
  await fetch(`${fixture.url()}/openapi.json`);
  expect(await fixture.stop()).toEqual({ code: 0, signal: null });
  expect(messages(fixture)).toContain('the last spans or metrics could not be sent in time');
});
