import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, onTestFinished, test, vi } from 'vitest';
import { disposeAtEnd } from './disposal.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';

function tracerTo(receiver: OtlpReceiver) {
  const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'example' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  disposeAtEnd('tracer', () => provider.shutdown());
  return provider.getTracer('example-scope');
}

test('spans arrive as the SDK sent them, parents and all', async () => {
  const receiver = await startOtlpReceiver();
  const tracer = tracerTo(receiver);
  const parent = tracer.startSpan('parent', { kind: SpanKind.SERVER });
  const child = tracer.startSpan(
    'child',
    {
      attributes: { text: 'a', number: 1.5, whole: -3, yes: true, list: ['x', 'y'] },
      links: [{ context: parent.spanContext() }],
    },
    trace.setSpan(context.active(), parent),
  );
  child.addEvent('applied', { key: 'user:profile:1' });
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'too late' });
  child.end();
  parent.end();

  const spans = await receiver.waitForSpans(({ service }) => service === 'example', {
    what: 'a span of the example',
    atLeast: 2,
  });
  const { traceId, spanId } = parent.spanContext();
  const byName = Object.fromEntries(spans.map((span) => [span.name, span]));
  expect(byName['parent']).toMatchObject({ traceId, spanId, parentSpanId: null, kind: 'server' });
  expect(byName['child']).toMatchObject({
    service: 'example',
    resource: { 'service.name': 'example' },
    scope: 'example-scope',
    traceId,
    spanId: child.spanContext().spanId,
    parentSpanId: spanId,
    kind: 'internal',
    attributes: { text: 'a', number: 1.5, whole: -3, yes: true, list: ['x', 'y'] },
    events: [{ name: 'applied', attributes: { key: 'user:profile:1' } }],
    links: [{ traceId, spanId }],
    status: { code: 'error', message: 'too late' },
  });
  const { startUnixNano = 0n, endUnixNano = -1n } = byName['child'] ?? {};
  expect(startUnixNano).toBeGreaterThan(0n);
  expect(endUnixNano).toBeGreaterThanOrEqual(startUnixNano);
});

test('compressed requests are understood', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const receiver = await startOtlpReceiver();
  tracerTo(receiver).startSpan('zipped').end();
  expect(await receiver.waitForSpans(({ name }) => name === 'zipped', { what: 'the span' })).toHaveLength(1);
});

test('waiting names what did not come', async () => {
  const receiver = await startOtlpReceiver();
  await expect(
    receiver.waitForSpans(() => true, { what: 'a span of the relay', atLeast: 2, deadlineMs: 20 }),
  ).rejects.toThrow('Within 20 ms this has not happened: 2 × a span of the relay.');
});

test('of each metric there is the newest, with the labels of its series', async () => {
  const receiver = await startOtlpReceiver();
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${receiver.url}/v1/metrics` }),
  });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': 'example' }),
    readers: [reader],
  });
  disposeAtEnd('meter', () => provider.shutdown());
  const meter = provider.getMeter('example-scope');
  const reads = meter.createCounter('reads', { description: 'Reads' });
  reads.add(1, { layer: 'l1' });
  meter.createHistogram('latency', { unit: 's' }).record(1);
  meter.createGauge('age').record(1);
  await provider.forceFlush();
  reads.add(1, { layer: 'l2' });
  await provider.forceFlush();
  const resource = { 'service.name': 'example' };
  expect(receiver.metrics()).toEqual([
    {
      resource,
      name: 'reads',
      description: 'Reads',
      unit: '',
      type: 'sum',
      series: [{ layer: 'l1' }, { layer: 'l2' }],
    },
    { resource, name: 'latency', description: '', unit: 's', type: 'histogram', series: [{}] },
    { resource, name: 'age', description: '', unit: '', type: 'gauge', series: [{}] },
  ]);
});

test('logs are accepted and forgotten, nonsense is refused', async () => {
  const receiver = await startOtlpReceiver();
  const post = async (path: string) =>
    (await fetch(receiver.url + path, { method: 'POST', body: 'nonsense' })).status;
  expect(await post('/v1/metrics')).toBe(400);
  expect(await post('/v1/logs')).toBe(200);
  expect(await post('/v1/traces')).toBe(400);
  expect(receiver.spans()).toEqual([]);
});
