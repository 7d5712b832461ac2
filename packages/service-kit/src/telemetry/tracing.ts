import { ExpressInstrumentation, ExpressLayerType } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { startNodeSdk } from '@opentelemetry/sdk-node';
import { register, supportsSyncHooks } from 'import-in-the-middle/register-hooks.mjs';
import { resourceAttributes } from './service-identity.ts';
import { onTelemetryShutdown } from './shutdown.ts';

const wrappedModules = ['express', 'ioredis', 'pg', 'pg-pool', 'http', 'node:http', 'https', 'node:https'];
const probes = new Set(['/livez', '/readyz', '/metrics']);

/** Starts the SDK with its exporter (configured by the standard `OTEL_*` variables) and the instrumentations. */
export function startTracing(): void {
  if (!supportsSyncHooks()) {
    throw new Error(
      'Tracing needs Node 24.11.1 or newer (module.registerHooks); unset OTEL_EXPORTER_OTLP_ENDPOINT or update Node.',
    );
  }
  register({ include: wrappedModules });
  const sdk = startNodeSdk({
    logLevel: process.env['OTEL_LOG_LEVEL'] ?? 'none',
    resourceAttributes: resourceAttributes(),
    // Metrics have a provider already, and logs are read from stdout.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: (request) => probes.has(request.url ?? ''),
        requireParentforOutgoingSpans: true,
      }),
      // No span per middleware: the route still names the server span, at about the cost of http alone.
      new ExpressInstrumentation({
        ignoreLayersType: [
          ExpressLayerType.ROUTER,
          ExpressLayerType.MIDDLEWARE,
          ExpressLayerType.REQUEST_HANDLER,
        ],
      }),
      // Arguments are keys and cached values: personal data, and large.
      new IORedisInstrumentation({ dbStatementSerializer: (command) => command, requireParentSpan: true }),
      new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
    ],
  });
  onTelemetryShutdown(() => sdk.shutdown());
}
