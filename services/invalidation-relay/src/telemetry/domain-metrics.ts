import { metrics } from '@opentelemetry/api';
import type { OutboxDepth } from '../domain/outbox-store.ts';
import type { DrainOutcome } from '../drain/drain-outcome.ts';

const meter = metrics.getMeter('@freshet/invalidation-relay');

const applied = meter.createCounter('freshet_invalidations_applied', {
  description: 'Outbox rows that were dropped from L2, appended to the log and marked',
});
const latency = meter.createHistogram('freshet_invalidation_latency_seconds', {
  description: 'From the writing of an outbox row to its marking as applied, on the clock of Postgres',
  unit: 's',
  advice: {
    explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60],
  },
});
const retries = meter.createCounter('freshet_invalidation_retries', {
  description: 'Outbox rows that have to be tried again',
});
const deadLetters = meter.createCounter('freshet_dead_letters', {
  description: 'Outbox rows that name no key which a cache could hold',
});
const queueFailures = meter.createCounter('freshet_retry_queue_failures', {
  description: 'Retries that could not be queued; the poll takes their rows',
});
const pending = meter.createObservableGauge('freshet_outbox_pending_rows');
const oldest = meter.createObservableGauge('freshet_outbox_oldest_age_seconds', { unit: 's' });
const retryingForLong = meter.createObservableGauge('freshet_outbox_retrying_rows', {
  description: 'Pending rows that have been failing for longer than a minute',
});
const deadRows = meter.createObservableGauge('freshet_outbox_dead_rows');
const watermarkAge = meter.createObservableGauge('freshet_watermark_age_seconds', { unit: 's' });
const blessed = meter.createGauge('freshet_domain_blessed', {
  description: '1 while the Redis of the domain is blessed, 0 while nobody holds a freshness lease',
});
const tableProblems = meter.createGauge('freshet_cached_table_problems', {
  description: 'Cached tables whose triggers are missing, altered or disabled',
});

/** A depth that was measured longer ago says nothing of now: Postgres cannot be asked. */
const DEPTH_KNOWN_MS = 10_000;

/** What the relay counts for one domain. */
export interface DomainMetrics {
  drained(outcome: DrainOutcome): void;
  queueFailed(): void;
  depth(depth: OutboxDepth): void;
  /** Null where there is none that anybody could go by: the last one ages on. */
  watermark(ageMs: number | null): void;
  blessed(yes: boolean): void;
  tableProblems(count: number): void;
}

export function domainMetrics(domain: string): DomainMetrics {
  const labels = { domain };
  let lastDepth: { depth: OutboxDepth; at: number } | undefined;
  /** On the monotonic clock. */
  let lastAsOf: number | undefined;
  // Asked for when they are read: what was recorded last would look healthy all through an outage.
  meter.addBatchObservableCallback(
    (result) => {
      const now = performance.now();
      if (lastAsOf !== undefined) result.observe(watermarkAge, (now - lastAsOf) / 1_000, labels);
      if (lastDepth === undefined) return;
      const { depth, at } = lastDepth;
      const known = (value: number): number => (now - at < DEPTH_KNOWN_MS ? value : Number.NaN);
      result.observe(pending, known(depth.pending), labels);
      result.observe(oldest, known(depth.oldestAgeMs / 1_000), labels);
      result.observe(retryingForLong, known(depth.retryingForLong), labels);
      result.observe(deadRows, known(depth.deadLetters), labels);
    },
    [pending, oldest, retryingForLong, deadRows, watermarkAge],
  );
  // From the start, or the first increase of each is invisible to whoever asks for a rate.
  for (const counter of [applied, retries, deadLetters, queueFailures]) counter.add(0, labels);
  return {
    drained(outcome) {
      if (outcome.kind === 'drained') {
        if (outcome.applied.length > 0) applied.add(outcome.applied.length, labels);
        for (const { latencyMs } of outcome.applied) latency.record(latencyMs / 1_000, labels);
      }
      if (outcome.dead > 0) deadLetters.add(outcome.dead, labels);
      if (outcome.kind === 'failed') retries.add(outcome.ids.length, labels);
    },
    queueFailed: () => queueFailures.add(1, labels),
    depth(depth) {
      lastDepth = { depth, at: performance.now() };
    },
    watermark(ageMs) {
      if (ageMs !== null) lastAsOf = performance.now() - ageMs;
    },
    blessed: (yes) => blessed.record(yes ? 1 : 0, labels),
    tableProblems: (count) => tableProblems.record(count, labels),
  };
}
