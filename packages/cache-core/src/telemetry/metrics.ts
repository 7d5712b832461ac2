import { type Meter, metrics } from '@opentelemetry/api';
import type { Entity } from '../cache-aside/entity.ts';
import type { FreshnessLease } from '../freshness-lease/freshness-lease.ts';

export interface Observed {
  service: string;
  lease: FreshnessLease;
  entities: () => Iterable<Entity<unknown>>;
}

/**
 * Publishes the counters of one cache. They are read when metrics are collected, so that a read costs one addition.
 * The answer stops that.
 */
export function publishMetrics(
  { service, lease, entities }: Observed,
  meter: Meter = metrics.getMeter('freshet'),
): () => void {
  const requests = meter.createObservableCounter('freshet_cache_requests', {
    description: 'Reads by the layer that answered, and what it came to',
  });
  const loads = meter.createObservableCounter('freshet_origin_loads', {
    description: 'Loads from the origin',
  });
  const errors = meter.createObservableCounter('freshet_origin_load_errors', {
    description: 'Loads that failed',
  });
  const collapsed = meter.createObservableCounter('freshet_cache_collapsed', {
    description: 'Reads that shared the load of another',
  });
  const refreshes = meter.createObservableCounter('freshet_cache_refreshes', {
    description: 'Entries replaced in the background before they expired',
  });
  const rejected = meter.createObservableCounter('freshet_cache_fills_rejected', {
    description: 'Loaded values that an invalidation kept out of L2',
  });
  const undecodable = meter.createObservableCounter('freshet_cache_undecodable', {
    description: 'Cached values that could not be understood',
  });
  const invalidations = meter.createObservableCounter('freshet_cache_invalidations', {
    description: "Invalidations applied to this process's memory",
  });
  const l1Entries = meter.createObservableGauge('freshet_l1_entries', {
    description: "Entries in this process's memory",
  });
  const leaseHeld = meter.createObservableGauge('freshet_lease_held', {
    description: '1 while L1 may answer, else 0',
  });
  const all = [
    requests,
    loads,
    errors,
    collapsed,
    refreshes,
    rejected,
    undecodable,
    invalidations,
    l1Entries,
    leaseHeld,
  ];

  const observe: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
    result.observe(leaseHeld, lease.state.held ? 1 : 0, { service });
    for (const { policy, counters, l1 } of entities()) {
      const labels = { service, entity: policy.entity };
      result.observe(requests, counters.l1Hits, { ...labels, layer: 'l1', outcome: 'hit' });
      result.observe(requests, counters.l2Hits, { ...labels, layer: 'l2', outcome: 'hit' });
      result.observe(requests, counters.misses, { ...labels, layer: 'origin', outcome: 'miss' });
      result.observe(requests, counters.requests, { ...labels, layer: 'origin', outcome: 'request' });
      result.observe(requests, counters.staleIfError, {
        ...labels,
        layer: 'stale',
        outcome: 'stale-if-error',
      });
      for (const [reason, count] of Object.entries(counters.bypasses)) {
        result.observe(requests, count, { ...labels, layer: 'origin', outcome: reason });
      }
      result.observe(loads, counters.originLoads, labels);
      result.observe(errors, counters.originErrors, labels);
      result.observe(collapsed, counters.collapsed, labels);
      result.observe(refreshes, counters.refreshes, labels);
      result.observe(rejected, counters.fillsRejected, labels);
      result.observe(undecodable, counters.undecodable, labels);
      result.observe(invalidations, counters.invalidations, labels);
      result.observe(l1Entries, l1.size, labels);
    }
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}
