import type { IncomingMessage, ServerResponse } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

let exporter: PrometheusExporter | undefined;

/**
 * Makes every meter of this process readable at `/metrics`. The first call wins; it must come before the
 * first meter is asked for, since meters made earlier stay mute: `register.ts` makes it.
 */
export function startMetrics(): void {
  if (exporter !== undefined) return;
  exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
}

/** Answers a scrape in Prometheus' text format. */
export function answerMetrics(request: IncomingMessage, response: ServerResponse): void {
  startMetrics();
  exporter?.getMetricsRequestHandler(request, response);
}
