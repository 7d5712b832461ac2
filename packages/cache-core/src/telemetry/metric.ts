import type { Counter, Gauge, Histogram, Meter, MetricOptions, Observable } from '@opentelemetry/api';

/** A metric as it is published: what dashboards and alerts rely on, and what the table in docs/telemetry.md is made of. */
export interface Metric {
  /** As Prometheus sees it. By OTLP, a counter goes without its `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Seconds, or bytes; left out for a plain number. */
  readonly unit?: 's' | 'By';
  /** Each label with the values that it takes; null where they are names from the configuration, such as of entities. */
  readonly labels: Readonly<Record<string, readonly string[] | null>>;
  readonly help: string;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

/** A counter or a gauge whose value is asked for when metrics are collected. */
export function observableOf(meter: Meter, metric: Metric): Observable {
  return metric.type === 'counter'
    ? meter.createObservableCounter(instrumentName(metric), optionsOf(metric))
    : meter.createObservableGauge(metric.name, optionsOf(metric));
}

export function counterOf(meter: Meter, metric: Metric): Counter {
  return meter.createCounter(instrumentName(metric), optionsOf(metric));
}

export function gaugeOf(meter: Meter, metric: Metric): Gauge {
  return meter.createGauge(metric.name, optionsOf(metric));
}

export function histogramOf(meter: Meter, metric: Metric): Histogram {
  return meter.createHistogram(metric.name, optionsOf(metric));
}

/** OpenTelemetry leaves the suffix of a counter to Prometheus. */
function instrumentName({ name }: Metric): string {
  return name.replace(/_total$/, '');
}

function optionsOf({ help, unit, buckets }: Metric): MetricOptions {
  return {
    description: help,
    ...(unit !== undefined && { unit }),
    ...(buckets !== undefined && { advice: { explicitBucketBoundaries: [...buckets] } }),
  };
}
