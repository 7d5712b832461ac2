/**
 * For `node --import @freshet/service-kit/register`: must run before the program's own imports, or the
 * instrumentations see none of them. Metrics are always on. Without an OTLP endpoint nothing else is
 * loaded: no SDK, no hook, no wrapped module.
 */
import { startMetrics } from './metrics.ts';

if (process.env['OTEL_METRICS_EXPORTER'] === 'otlp') {
  const { otlpMetrics } = await import('./otlp-metrics.ts');
  startMetrics(otlpMetrics());
} else {
  startMetrics();
}

if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT']) {
  const { startTracing } = await import('./tracing.ts');
  startTracing();
}
