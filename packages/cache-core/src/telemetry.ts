/**
 * The third door, for whoever sets up telemetry or reads it: it loads no driver, so that an instrumentation can still wrap
 * them.
 */

export { scriptName } from './redis/script.ts';
export { counterOf, gaugeOf, histogramOf, type Metric, observableOf } from './telemetry/metric.ts';
export { replicaMetrics } from './telemetry/replica-metrics.ts';
