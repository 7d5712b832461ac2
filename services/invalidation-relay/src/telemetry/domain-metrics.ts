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
const pending = meter.createGauge('freshet_outbox_pending_rows');
const oldest = meter.createGauge('freshet_outbox_oldest_age_seconds', { unit: 's' });
const retryingForLong = meter.createGauge('freshet_outbox_retrying_rows', {
  description: 'Pending rows that have been failing for longer than a minute',
});
const deadRows = meter.createGauge('freshet_outbox_dead_rows');
const watermarkAge = meter.createGauge('freshet_watermark_age_seconds', { unit: 's' });
const blessed = meter.createGauge('freshet_domain_blessed', {
  description: '1 while the Redis of the domain is blessed, 0 while nobody holds a freshness lease',
});
const tableProblems = meter.createGauge('freshet_cached_table_problems', {
  description: 'Cached tables whose triggers are missing, altered or disabled',
});

/** What the relay counts for one domain. */
export interface DomainMetrics {
  drained(outcome: DrainOutcome): void;
  queueFailed(): void;
  depth(depth: OutboxDepth): void;
  watermark(ageMs: number | null): void;
  blessed(yes: boolean): void;
  tableProblems(count: number): void;
}

export function domainMetrics(domain: string): DomainMetrics {
  const labels = { domain };
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
      pending.record(depth.pending, labels);
      oldest.record(depth.oldestAgeMs / 1_000, labels);
      retryingForLong.record(depth.retryingForLong, labels);
      deadRows.record(depth.deadLetters, labels);
    },
    watermark(ageMs) {
      if (ageMs !== null) watermarkAge.record(ageMs / 1_000, labels);
    },
    blessed: (yes) => blessed.record(yes ? 1 : 0, labels),
    tableProblems: (count) => tableProblems.record(count, labels),
  };
}
