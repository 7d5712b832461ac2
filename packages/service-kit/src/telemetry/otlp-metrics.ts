import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type MeterProviderOptions, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { resourceAttributes } from './service-identity.ts';

const defaultIntervalMs = 60_000;

/** What sends the metrics to the collector now and then; the exporter reads the standard `OTEL_EXPORTER_OTLP_*` variables. */
export function otlpMetrics(): Pick<MeterProviderOptions, 'readers' | 'resource'> {
  const intervalMs = Number(process.env['OTEL_METRIC_EXPORT_INTERVAL']) || defaultIntervalMs;
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    exportIntervalMillis: intervalMs,
  });
  return { readers: [reader], resource: resourceFromAttributes(resourceAttributes()) };
}
