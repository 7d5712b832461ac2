import type { Metric } from '@freshet/cache-core/telemetry';

const labels = { domain: null };

/** What a relay publishes of each of its domains. What is asked of Postgres or Redis is `NaN` while that does not answer. */
export const relayMetrics = {
  applied: {
    name: 'freshet_invalidations_applied_total',
    type: 'counter',
    labels,
    help: 'Outbox rows dropped from L2, appended to the log and marked',
  },
  commitToApplied: {
    name: 'freshet_commit_to_applied_seconds',
    type: 'histogram',
    unit: 's',
    labels,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60],
    help: 'From the writing of an outbox row, a little before its COMMIT, to its mark, on the clock of Postgres',
  },
  retries: {
    name: 'freshet_invalidation_retries_total',
    type: 'counter',
    labels,
    help: 'Outbox rows that have to be tried again',
  },
  deadLetters: {
    name: 'freshet_dead_letters_total',
    type: 'counter',
    labels,
    help: 'Outbox rows that name no possible key',
  },
  queueFailures: {
    name: 'freshet_retry_queue_failures_total',
    type: 'counter',
    labels,
    help: 'Retries that could not be queued; the poll takes their rows',
  },
  blessings: {
    name: 'freshet_blessings_total',
    type: 'counter',
    labels,
    help: 'Times that this relay brought a Redis up to date: the first, and after each failover or restart',
  },
  blessed: {
    name: 'freshet_domain_blessed',
    type: 'gauge',
    labels,
    help: '1 while the Redis of the domain is blessed, 0 while nobody holds a freshness lease',
  },
  liveReplicas: {
    name: 'freshet_live_replicas',
    type: 'gauge',
    labels,
    help: 'Replicas that hold a freshness lease; `NaN` while Redis does not answer',
  },
  watermarkAge: {
    name: 'freshet_watermark_age_seconds',
    type: 'gauge',
    unit: 's',
    labels,
    help: "Everything committed before so long ago is out of every cache's way; it grows through an outage",
  },
  pending: {
    name: 'freshet_outbox_pending_rows',
    type: 'gauge',
    labels,
    help: 'Outbox rows that wait; as the next three, `NaN` while Postgres does not answer',
  },
  oldestAge: {
    name: 'freshet_outbox_oldest_age_seconds',
    type: 'gauge',
    unit: 's',
    labels,
    help: 'Age of the oldest row that waits, 0 without one',
  },
  retryingForLong: {
    name: 'freshet_outbox_retrying_rows',
    type: 'gauge',
    labels,
    help: 'Waiting rows that have been failing for longer than a minute',
  },
  deadRows: {
    name: 'freshet_outbox_dead_rows',
    type: 'gauge',
    labels,
    help: 'Dead letters that nobody has replayed',
  },
  tableProblems: {
    name: 'freshet_cached_table_problems',
    type: 'gauge',
    labels,
    help: 'Cached tables whose triggers are missing, altered or disabled',
  },
} as const satisfies Record<string, Metric>;
