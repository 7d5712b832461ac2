import { createDatabase, startFaultProxy, startOtlpReceiver, startRedis } from '@freshet/test-kit';
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
    ['http', 'ioredis', 'pg'],
  );
  for (const { scope, parentSpanId, resource } of inTrace) {
    expect({ scope, parentSpanId, resource }).toMatchObject({
      parentSpanId: scope.endsWith('http') ? null : server?.spanId,
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
