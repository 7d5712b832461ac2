import type { Metric } from './metric.ts';

const ofService = { service: null };
const ofEntity = { service: null, entity: null };

/** What a process that caches publishes. */
export const replicaMetrics = {
  requests: {
    name: 'freshet_cache_requests_total',
    type: 'counter',
    labels: {
      ...ofEntity,
      layer: ['l1', 'l2', 'origin', 'stale'],
      outcome: [
        'hit',
        'miss',
        'request',
        'lease-expired',
        'fence',
        'fill-wait',
        'l2-unavailable',
        'not-registered',
        'stale-if-error',
      ],
    },
    help: 'Reads, by who answered and why; the hit ratio of a layer is its share of them',
  },
  collapsed: {
    name: 'freshet_cache_collapsed_total',
    type: 'counter',
    labels: ofEntity,
    help: 'Reads that shared the load of another in this process',
  },
  waits: {
    name: 'freshet_cache_waits_total',
    type: 'counter',
    labels: ofEntity,
    help: "Reads that waited for another process's fill",
  },
  refreshes: {
    name: 'freshet_cache_refreshes_total',
    type: 'counter',
    labels: ofEntity,
    help: 'Entries replaced in the background before they expired',
  },
  fillsRejected: {
    name: 'freshet_cache_fills_rejected_total',
    type: 'counter',
    labels: ofEntity,
    help: 'Loaded values that an invalidation kept out of L2',
  },
  undecodable: {
    name: 'freshet_cache_undecodable_total',
    type: 'counter',
    labels: ofEntity,
    help: 'Cached values that could not be understood',
  },
  invalidations: {
    name: 'freshet_cache_invalidations_total',
    type: 'counter',
    labels: ofEntity,
    help: "Invalidations applied to this process's memory",
  },
  originLoads: {
    name: 'freshet_origin_loads_total',
    type: 'counter',
    labels: ofEntity,
    help: 'Values asked of the origin',
  },
  originErrors: {
    name: 'freshet_origin_load_errors_total',
    type: 'counter',
    labels: ofEntity,
    help: 'Loads that failed, those that were refused or came too late among them',
  },
  l1Entries: {
    name: 'freshet_l1_entries',
    type: 'gauge',
    labels: ofEntity,
    help: "Entries in this process's memory",
  },
  l1Bytes: {
    name: 'freshet_l1_bytes',
    type: 'gauge',
    unit: 'By',
    labels: ofEntity,
    help: 'Their size: the length of their JSON, of which the objects take a multiple',
  },
  leaseHeld: {
    name: 'freshet_lease_held',
    type: 'gauge',
    labels: ofService,
    help: '1 while memory may answer, else 0',
  },
  leaseRemaining: {
    name: 'freshet_lease_remaining_seconds',
    type: 'gauge',
    unit: 's',
    labels: ofService,
    help: 'For how long memory may answer without another renewal; 0 without a lease',
  },
  leaseLost: {
    name: 'freshet_lease_lost_total',
    type: 'counter',
    labels: {
      ...ofService,
      reason: [
        'unblessed',
        'no-watermark',
        'watermark-old',
        'reset',
        'connection-lost',
        'renewal-failed',
        'expired',
        'closed',
      ],
    },
    help: 'Freshness leases that ended, and why',
  },
  leaseMissing: {
    name: 'freshet_lease_missing_seconds_total',
    type: 'counter',
    unit: 's',
    labels: ofService,
    help: 'Time without a freshness lease since the start',
  },
  replicaLag: {
    name: 'freshet_replica_lag_seconds',
    type: 'gauge',
    unit: 's',
    labels: ofService,
    help: 'Everything committed before so long ago has been applied here; it grows through an outage',
  },
  applyLatency: {
    name: 'freshet_apply_latency_seconds',
    type: 'histogram',
    unit: 's',
    labels: ofService,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    help: "From a relay's taking up of a change to this process having applied it, on the clock of Redis",
  },
  strongWrites: {
    name: 'freshet_strong_writes_total',
    type: 'counter',
    labels: {
      ...ofEntity,
      outcome: ['committed', 'rolled-back', 'unknown', 'unavailable', 'timeout', 'overloaded'],
    },
    help: 'Strong writes, by what became of them; only of entities that have such',
  },
  fences: {
    name: 'freshet_fences_total',
    type: 'counter',
    labels: ofEntity,
    help: 'Fences raised: one for each attempt of a strong write; only of entities that have such',
  },
  barrier: {
    name: 'freshet_barrier_seconds',
    type: 'histogram',
    unit: 's',
    labels: ofService,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    help: 'From sending a fence until every replica with a live lease has forgotten the key',
  },
} as const satisfies Record<string, Metric>;
