import { scriptName } from '@freshet/cache-core/telemetry';
import { createNoopMeter, type Span } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { startNodeSdk } from '@opentelemetry/sdk-node';
import { register, supportsSyncHooks } from 'import-in-the-middle/register-hooks.mjs';
import { resourceAttributes } from './service-identity.ts';
import { onTelemetryShutdown } from './shutdown.ts';

const wrappedModules = ['ioredis', 'pg', 'pg-pool', 'http', 'node:http', 'https', 'node:https'];

/** Starts the SDK with its exporter (configured by the standard `OTEL_*` variables) and the instrumentations. */
export function startTracing(): void {
  if (!supportsSyncHooks()) {
    throw new Error(
      'Tracing needs Node 24.11.1 or newer (module.registerHooks); unset OTEL_EXPORTER_OTLP_ENDPOINT or update Node.',
    );
  }
  register({ include: wrappedModules });
  const instrumentations = [
    // Requests that come in have a span of their own: server-span.ts.
    new HttpInstrumentation({
      disableIncomingRequestInstrumentation: true,
      requireParentforOutgoingSpans: true,
    }),
    // Arguments are keys and cached values: personal data, and large.
    new IORedisInstrumentation({
      dbStatementSerializer: (command) => command,
      requireParentSpan: true,
      requestHook: (span, { cmdArgs: [sent] }) => nameScript(span, String(sent)),
    }),
    new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
  ];
  const sdk = startNodeSdk({
    logLevel: process.env['OTEL_LOG_LEVEL'] ?? 'none',
    resourceAttributes: resourceAttributes(),
    // Metrics have a provider already, and logs are read from stdout.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations,
  });
  // What is at /metrics does not depend on who traces.
  const silent = { getMeter: () => createNoopMeter() };
  for (const instrumentation of instrumentations) instrumentation.setMeterProvider(silent);
  onTelemetryShutdown(() => sdk.shutdown());
}

/** `evalsha freshet.l2.fill` says more than `evalsha`. */
function nameScript(span: Span, sent: string): void {
  const script = scriptName(sent);
  if (script === undefined) return;
  span.updateName(`evalsha ${script}`);
  span.setAttribute('db.stored_procedure.name', script);
}
