import type { DashboardDescription } from './description.ts';

export const overview: DashboardDescription = {
  uid: 'freshet-overview',
  title: 'Freshet: overview',
  about:
    'Is anybody reading old data, and do the caches work? Every other dashboard is about one line of this one.',
  variables: [],
  rows: [
    {
      title: 'Is all well?',
      panels: [
        {
          title: 'Alerts',
          about: 'What fires now. Each has a page in docs/runbooks.',
          form: 'list',
          unit: 'none',
          width: 24,
          queries: [
            {
              expr: 'sum by (alertname, severity, domain, service, entity, instance) (ALERTS{alertname=~"Freshet.+", alertstate="firing"})',
              legend: '{{alertname}}',
              emptyWhenHealthy: true,
            },
          ],
        },
        {
          title: 'Old entries found',
          about:
            'By the audit, after a second look: somebody reads old data. Zero, or there is something to do.',
          form: 'number',
          unit: 'none',
          width: 6,
          colours: [{ from: 1, colour: 'red' }],
          queries: [
            { expr: 'max by (domain, layer) (freshet_audit_findings)', legend: '{{domain}} {{layer}}' },
          ],
        },
        {
          title: 'Consistent, of the last hour’s samples',
          about:
            'Of the cached values that the audit compared with their row, those that were as fresh as promised.',
          form: 'number',
          unit: 'percentunit',
          decimals: 3,
          width: 6,
          colours: [
            { from: 0, colour: 'red' },
            { from: 0.999, colour: 'orange' },
            { from: 0.99999, colour: 'green' },
          ],
          queries: [
            {
              expr: 'min by (domain, layer) (freshet_audit_consistency_ratio{window="1h"})',
              legend: '{{domain}} {{layer}}',
            },
          ],
        },
        {
          title: 'Age of the watermark',
          about:
            'Everything committed longer ago is out of every cache’s way. Past two seconds memories turn themselves off.',
          form: 'number',
          unit: 's',
          decimals: 1,
          width: 6,
          colours: [
            { from: 1, colour: 'orange' },
            { from: 2, colour: 'red' },
          ],
          queries: [{ expr: 'domain:freshet_watermark_age_seconds:min', legend: '{{domain}}' }],
        },
        {
          title: 'Relays that find the domain blessed',
          about: 'None: nobody holds a lease. Fewer than there are relays: one of them asks another Redis.',
          form: 'number',
          unit: 'none',
          width: 6,
          colours: [
            { from: 0, colour: 'red' },
            { from: 1, colour: 'green' },
          ],
          queries: [{ expr: 'sum by (domain) (freshet_domain_blessed)', legend: '{{domain}}' }],
        },
      ],
    },
    {
      title: 'Readers',
      panels: [
        {
          title: 'Reads, by who answered',
          about: '‘stale’ is an expired value that a policy serves when Postgres fails (staleIfError).',
          form: 'areas',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: 'sum by (layer) (rate(freshet_cache_requests_total[$__rate_interval]))',
              legend: '{{layer}}',
            },
          ],
        },
        {
          title: 'Hit ratio',
          about: 'Of all reads, those that memory or Redis answered.',
          form: 'lines',
          unit: 'percentunit',
          max: 1,
          width: 8,
          queries: [
            { expr: 'service_entity:freshet_cache_hit_ratio:rate5m', legend: '{{service}}:{{entity}}' },
          ],
        },
        {
          title: 'Reads that pass all caches by, as nothing proves them fresh',
          about:
            'Some, for seconds, when a replica starts or Redis fails over. Longer: a relay or Redis is away.',
          form: 'lines',
          unit: 'percentunit',
          max: 1,
          width: 8,
          queries: [{ expr: 'service:freshet_cache_unproven_reads:ratio_rate1m', legend: '{{service}}' }],
        },
        {
          title: 'Loads from Postgres',
          about: 'What the caches do not save. Bounded in each replica.',
          form: 'areas',
          unit: 'ops',
          width: 12,
          queries: [
            {
              expr: 'sum by (service, entity) (rate(freshet_origin_loads_total[$__rate_interval]))',
              legend: '{{service}}:{{entity}}',
            },
          ],
        },
        {
          title: 'Loads that fail',
          about:
            'Of the reads that needed Postgres. Their readers get an error, or, with staleIfError, an expired value.',
          form: 'lines',
          unit: 'percentunit',
          max: 1,
          width: 12,
          queries: [
            {
              expr: 'service_entity:freshet_origin_load_errors:ratio_rate1m',
              legend: '{{service}}:{{entity}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Replicas and relays',
      panels: [
        {
          title: 'Replicas with a lease',
          about: 'Those that may answer from memory.',
          form: 'number',
          unit: 'none',
          width: 6,
          colours: [
            { from: 0, colour: 'red' },
            { from: 1, colour: 'green' },
          ],
          queries: [{ expr: 'sum by (service) (freshet_lease_held)', legend: '{{service}}' }],
        },
        {
          title: 'Relays that answer',
          about: 'One is enough; two, so that one may die.',
          form: 'number',
          unit: 'none',
          width: 6,
          colours: [
            { from: 0, colour: 'red' },
            { from: 1, colour: 'orange' },
            { from: 2, colour: 'green' },
          ],
          queries: [{ expr: 'sum(up{job="invalidation-relay"})', legend: 'relays' }],
        },
        {
          title: 'Dead letters',
          about: 'Rows of the outbox that name no key that a reader could cache.',
          form: 'number',
          unit: 'none',
          width: 6,
          colours: [{ from: 1, colour: 'orange' }],
          queries: [{ expr: 'max by (domain) (freshet_outbox_dead_rows)', legend: '{{domain}}' }],
        },
        {
          title: 'Cached tables with broken triggers',
          about: 'Writes to them go unseen. Looked at every minute.',
          form: 'number',
          unit: 'none',
          width: 6,
          colours: [{ from: 1, colour: 'red' }],
          queries: [{ expr: 'max by (domain) (freshet_cached_table_problems)', legend: '{{domain}}' }],
        },
        {
          title: 'From the change to the caches',
          about:
            'From the row in the outbox to its mark, on the clock of Postgres: half of them, and all but one in a hundred.',
          form: 'lines',
          unit: 's',
          width: 12,
          queries: [
            { expr: 'domain:freshet_commit_to_applied_seconds:p50_5m', legend: '{{domain}} p50' },
            { expr: 'domain:freshet_commit_to_applied_seconds:p99_5m', legend: '{{domain}} p99' },
          ],
        },
        {
          title: 'Age of the oldest pending row',
          about: 'Near zero. While it grows, memories are off.',
          form: 'lines',
          unit: 's',
          width: 12,
          queries: [{ expr: 'domain:freshet_outbox_oldest_age_seconds:max', legend: '{{domain}}' }],
        },
      ],
    },
  ],
};
