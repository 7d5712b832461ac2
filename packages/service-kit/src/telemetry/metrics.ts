import type { IncomingMessage, ServerResponse } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, type MeterProviderOptions } from '@opentelemetry/sdk-metrics';
import { onTelemetryShutdown } from './shutdown.ts';

let exporter: PrometheusExporter | undefined;

/**
 * Makes every meter of this process readable at `/metrics`, and for `also`. The first call wins; it must come before the
 * first meter is asked for, since meters made earlier stay mute: `register.ts` makes it.
 */
export function startMetrics(also: Pick<MeterProviderOptions, 'readers' | 'resource'> = {}): void {
  if (exporter !== undefined) return;
  exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const provider = new MeterProvider({ ...also, readers: [exporter, ...(also.readers ?? [])] });
  metrics.setGlobalMeterProvider(provider);
  if (also.readers !== undefined) onTelemetryShutdown(() => provider.shutdown());
}

/** Answers a scrape in Prometheus' text format. */
export function answerMetrics(request: IncomingMessage, response: ServerResponse): void {
  startMetrics();
  exporter?.getMetricsRequestHandler(request, response);
}
