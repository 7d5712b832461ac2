import { counterOf, gaugeOf, histogramOf, observableOf } from '@freshet/cache-core/telemetry';
import { metrics } from '@opentelemetry/api';
import type { OutboxDepth } from '../domain/outbox-store.ts';
import type { DrainOutcome } from '../drain/drain-outcome.ts';
import { relayMetrics as published } from './relay-metrics.ts';

const meter = metrics.getMeter('@freshet/invalidation-relay');
const applied = counterOf(meter, published.applied);
const latency = histogramOf(meter, published.commitToApplied);
const retries = counterOf(meter, published.retries);
const deadLetters = counterOf(meter, published.deadLetters);
const queueFailures = counterOf(meter, published.queueFailures);
const blessings = counterOf(meter, published.blessings);
const blessed = gaugeOf(meter, published.blessed);
const watermarkAge = observableOf(meter, published.watermarkAge);
const pending = observableOf(meter, published.pending);
const oldest = observableOf(meter, published.oldestAge);
const retryingForLong = observableOf(meter, published.retryingForLong);
const deadRows = observableOf(meter, published.deadRows);
const tableProblems = gaugeOf(meter, published.tableProblems);

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
  /** This relay brought a Redis up to date. */
  blessing(): void;
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
  for (const counter of [applied, retries, deadLetters, queueFailures, blessings]) counter.add(0, labels);
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
    blessing: () => blessings.add(1, labels),
    tableProblems: (count) => tableProblems.record(count, labels),
  };
}
