import { type Attributes, type Histogram, type Meter, metrics } from '@opentelemetry/api';
import type { LogEntry } from '../log/log-entry.ts';
import { histogramOf } from './metric.ts';
import { replicaMetrics } from './replica-metrics.ts';

/** What one replica times, rather than counts: nothing of it on a hit. */
export class Measures {
  readonly #labels: Attributes;
  readonly #applyLatency: Histogram;
  readonly #barrier: Histogram;

  /** The meter provider has to be there by now: what is made before it stays mute. */
  constructor(service: string, meter: Meter = metrics.getMeter('freshet')) {
    this.#labels = { service };
    this.#applyLatency = histogramOf(meter, replicaMetrics.applyLatency);
    this.#barrier = histogramOf(meter, replicaMetrics.barrier);
  }

  /** Entries of the log, applied when Redis's clock showed `redisMs`. */
  applied(entries: readonly (LogEntry | null)[], redisMs: number): void {
    for (const entry of entries) {
      if (entry?.takenUpAt === undefined) continue;
      // Another primary's clock may be behind.
      this.#applyLatency.record(Math.max(0, redisMs - entry.takenUpAt) / 1_000, this.#labels);
    }
  }

  /** `ms` since the fence was sent. */
  barrierPassed(ms: number): void {
    this.#barrier.record(ms / 1_000, this.#labels);
  }
}
