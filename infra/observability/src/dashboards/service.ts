import type { DashboardDescription } from './description.ts';

const chosen = 'service=~"$service", entity=~"$entity"';
const ofService = 'service=~"$service"';

export const service: DashboardDescription = {
  uid: 'freshet-service',
  title: 'Freshet: one service',
  about: 'What the caches of a service do, entity by entity and replica by replica.',
  variables: [
    { name: 'service', query: 'label_values(freshet_lease_held, service)' },
    { name: 'entity', query: 'label_values(freshet_cache_requests_total{service=~"$service"}, entity)' },
  ],
  rows: [
    {
      title: 'Reads',
      panels: [
        {
          title: 'Reads, by who answered and why',
          about:
            'Hits from memory (l1) and Redis (l2). The origin answers on a miss, when a reader asks for a newer version (request), and when it must: lease-expired, fence, fill-wait, l2-unavailable, not-registered.',
          form: 'areas',
          unit: 'ops',
          width: 12,
          queries: [
            {
              expr: `sum by (layer, outcome) (rate(freshet_cache_requests_total{${chosen}}[$__rate_interval]))`,
              legend: '{{layer}} {{outcome}}',
            },
          ],
        },
        {
          title: 'Hit ratio of each layer',
          about: 'Of the reads that reached the layer: Redis is asked only for what memory did not answer.',
          form: 'lines',
          unit: 'percentunit',
          max: 1,
          width: 12,
          queries: [
            {
              expr: `service_entity_layer:freshet_cache_hit_ratio:rate5m{${chosen}}`,
              legend: '{{service}}:{{entity}} {{layer}}',
            },
          ],
        },
        {
          title: 'Loads from Postgres',
          about: 'Those that fail, be it in Postgres, at the bound or at the deadline, are below.',
          form: 'lines',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: `sum by (service, entity) (rate(freshet_origin_loads_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}}',
            },
            {
              expr: `-sum by (service, entity) (rate(freshet_origin_load_errors_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}} failed',
            },
          ],
        },
        {
          title: 'Loads that were spared',
          about:
            'Reads that joined a load of their process (shared) or waited for another process to fill Redis (waited).',
          form: 'areas',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: `sum by (service, entity) (rate(freshet_cache_collapsed_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}} shared',
            },
            {
              expr: `sum by (service, entity) (rate(freshet_cache_waits_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}} waited',
            },
          ],
        },
        {
          title: 'Values that did not get into a cache, or had to leave',
          about:
            'Rejected: an invalidation came while it was loaded, as it should. Refreshed: replaced before it expired. Not understood: written by another version, or another program.',
          form: 'lines',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: `sum by (service, entity) (rate(freshet_cache_invalidations_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}} invalidated',
            },
            {
              expr: `sum by (service, entity) (rate(freshet_cache_fills_rejected_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}} rejected',
            },
            {
              expr: `sum by (service, entity) (rate(freshet_cache_refreshes_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}} refreshed',
            },
            {
              expr: `sum by (service, entity) (rate(freshet_cache_undecodable_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}} not understood',
            },
          ],
        },
      ],
    },
    {
      title: 'Replicas',
      panels: [
        {
          title: 'Lease: time left',
          about:
            'Up to a second and a half, renewed twice a second. Zero: this replica answers nothing from memory.',
          form: 'lines',
          unit: 's',
          width: 8,
          queries: [{ expr: `freshet_lease_remaining_seconds{${ofService}}`, legend: '{{instance}}' }],
        },
        {
          title: 'Lag',
          about:
            'Everything committed before so long ago has been applied here. Past two seconds its memory is off.',
          form: 'lines',
          unit: 's',
          width: 8,
          queries: [{ expr: `freshet_replica_lag_seconds{${ofService}}`, legend: '{{instance}}' }],
        },
        {
          title: 'Leases lost',
          about: 'By reason. ‘closed’ is a replica that was stopped in order.',
          form: 'lines',
          unit: 'short',
          width: 8,
          queries: [
            {
              expr: `sum by (instance, reason) (increase(freshet_lease_lost_total{${ofService}}[$__rate_interval]))`,
              legend: '{{instance}} {{reason}}',
            },
          ],
        },
        {
          title: 'Time without a lease',
          about: 'The share of each replica’s time. A new one begins at one, for a second.',
          form: 'lines',
          unit: 'percentunit',
          max: 1,
          width: 8,
          queries: [
            {
              expr: `rate(freshet_lease_missing_seconds_total{${ofService}}[$__rate_interval])`,
              legend: '{{instance}}',
            },
          ],
        },
        {
          title: 'Entries in memory',
          about: 'Of each entity, over all replicas.',
          form: 'lines',
          unit: 'short',
          width: 8,
          queries: [
            {
              expr: `sum by (service, entity) (freshet_l1_entries{${chosen}})`,
              legend: '{{service}}:{{entity}}',
            },
          ],
        },
        {
          title: 'Their size',
          about: 'As JSON; the objects take a multiple of it.',
          form: 'lines',
          unit: 'bytes',
          width: 8,
          queries: [
            {
              expr: `sum by (service, entity) (freshet_l1_bytes{${chosen}})`,
              legend: '{{service}}:{{entity}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Strong writes',
      panels: [
        {
          title: 'Strong writes, by what became of them',
          about: 'Rolled back is the caller’s wish or the database’s. All others but committed are refusals.',
          form: 'areas',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: `sum by (service, entity, outcome) (rate(freshet_strong_writes_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}} {{outcome}}',
            },
          ],
        },
        {
          title: 'Fences',
          about: 'One for each attempt. More than there are writes: they begin again.',
          form: 'lines',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: `sum by (service, entity) (rate(freshet_fences_total{${chosen}}[$__rate_interval]))`,
              legend: '{{service}}:{{entity}}',
            },
          ],
        },
        {
          title: 'Barrier',
          about:
            'From sending a fence until every replica with a live lease has forgotten the key: some milliseconds.',
          form: 'lines',
          unit: 's',
          width: 8,
          queries: [
            {
              expr: `histogram_quantile(0.5, sum by (service, le) (rate(freshet_barrier_seconds_bucket{${ofService}}[$__rate_interval])))`,
              legend: '{{service}} p50',
            },
            {
              expr: `histogram_quantile(0.99, sum by (service, le) (rate(freshet_barrier_seconds_bucket{${ofService}}[$__rate_interval])))`,
              legend: '{{service}} p99',
            },
          ],
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          title: 'Processor',
          about:
            'A replica is one thread, and some for the garbage: near one it is late with everything, its lease included.',
          form: 'lines',
          unit: 'percentunit',
          width: 12,
          queries: [
            {
              expr: `rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) freshet_lease_held{${ofService}}`,
              legend: '{{instance}}',
            },
          ],
        },
        {
          title: 'Memory',
          about: 'What the operating system counts. It grows with the entries, and then stands.',
          form: 'lines',
          unit: 'bytes',
          width: 12,
          queries: [
            {
              expr: `process_resident_memory_bytes and on (instance) freshet_lease_held{${ofService}}`,
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
  ],
};
