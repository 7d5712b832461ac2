import { type Attributes, type BatchObservableResult, type Meter, metrics } from '@opentelemetry/api';
import type { Entity } from '../cache-aside/entity.ts';
import type { Clock } from '../clock.ts';
import type { FreshnessLease } from '../freshness-lease/freshness-lease.ts';
import { type Metric, observableOf } from './metric.ts';
import { replicaMetrics as published } from './replica-metrics.ts';

export interface Observed {
  service: string;
  lease: FreshnessLease;
  clock: Clock;
  entities: () => Iterable<Entity<unknown>>;
}

type Observe = (metric: Metric, value: number, labels: Attributes) => void;

/**
 * Publishes the counters of one cache. They are read when metrics are collected, so that a read costs one addition.
 * The answer stops that.
 */
export function publishMetrics(observed: Observed, meter: Meter = metrics.getMeter('freshet')): () => void {
  const instruments = new Map(
    Object.values<Metric>(published)
      .filter(({ type }) => type !== 'histogram')
      .map((metric) => [metric, observableOf(meter, metric)]),
  );
  const all = [...instruments.values()];
  const callback = (result: BatchObservableResult): void => {
    const observe: Observe = (metric, value, labels) => {
      const instrument = instruments.get(metric);
      if (instrument !== undefined) result.observe(instrument, value, labels);
    };
    observeLease(observed, observe);
    for (const entity of observed.entities()) observeEntity(observed.service, entity, observe);
  };
  meter.addBatchObservableCallback(callback, all);
  return () => meter.removeBatchObservableCallback(callback, all);
}

function observeLease({ service, lease, clock }: Observed, observe: Observe): void {
  const labels = { service };
  const { record, watermarkAgeMs } = lease;
  observe(published.leaseHeld, lease.state.held ? 1 : 0, labels);
  observe(published.leaseRemaining, lease.remainingMs / 1_000, labels);
  observe(published.leaseMissing, record.withoutMs(clock.monotonicMs()) / 1_000, labels);
  for (const [reason, count] of Object.entries(record.lost))
    observe(published.leaseLost, count, { ...labels, reason });
  if (watermarkAgeMs !== null) observe(published.replicaLag, watermarkAgeMs / 1_000, labels);
}

function observeEntity(service: string, entity: Entity<unknown>, observe: Observe): void {
  const { policy, counters, l1 } = entity;
  const labels = { service, entity: policy.entity };
  observeReads(entity, labels, observe);
  observe(published.collapsed, counters.collapsed, labels);
  observe(published.waits, counters.waits, labels);
  observe(published.refreshes, counters.refreshes, labels);
  observe(published.fillsRejected, counters.fillsRejected, labels);
  observe(published.undecodable, counters.undecodable, labels);
  observe(published.invalidations, counters.invalidations, labels);
  observe(published.originLoads, counters.originLoads, labels);
  observe(published.originErrors, counters.originErrors, labels);
  observe(published.l1Entries, l1.size, labels);
  observe(published.l1Bytes, l1.bytes, labels);
  if (!policy.strong) return;
  observe(published.fences, counters.fences, labels);
  for (const [outcome, count] of Object.entries(counters.strongWrites))
    observe(published.strongWrites, count, { ...labels, outcome });
}

function observeReads({ counters }: Entity<unknown>, labels: Attributes, observe: Observe): void {
  const reads = (layer: string, outcome: string, count: number): void =>
    observe(published.requests, count, { ...labels, layer, outcome });
  reads('l1', 'hit', counters.l1Hits);
  reads('l2', 'hit', counters.l2Hits);
  reads('origin', 'miss', counters.misses);
  reads('origin', 'request', counters.requests);
  reads('stale', 'stale-if-error', counters.staleIfError);
  for (const [reason, count] of Object.entries(counters.bypasses)) reads('origin', reason, count);
}
