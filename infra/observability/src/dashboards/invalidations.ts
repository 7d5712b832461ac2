import { type DashboardDescription, domainVariable } from './description.ts';

const chosen = 'domain=~"$domain"';

export const invalidations: DashboardDescription = {
  uid: 'freshet-invalidations',
  title: 'Freshet: invalidations',
  about:
    'The way of a change from its row through outbox and relay to the replicas, and who speaks for a domain.',
  variables: [domainVariable],
  rows: [
    {
      title: 'On their way',
      panels: [
        {
          title: 'Invalidations',
          about: 'Rows that were taken to Redis and the log.',
          form: 'areas',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: `sum by (domain) (rate(freshet_invalidations_applied_total{${chosen}}[$__rate_interval]))`,
              legend: '{{domain}}',
            },
          ],
        },
        {
          title: 'From the row to its mark',
          about:
            'Some milliseconds when a service wrote it, up to a tenth of a second after plain SQL. A long transaction counts.',
          form: 'lines',
          unit: 's',
          width: 8,
          queries: [
            {
              expr: `histogram_quantile(0.5, sum by (domain, le) (rate(freshet_commit_to_applied_seconds_bucket{${chosen}}[$__rate_interval])))`,
              legend: '{{domain}} p50',
            },
            {
              expr: `histogram_quantile(0.99, sum by (domain, le) (rate(freshet_commit_to_applied_seconds_bucket{${chosen}}[$__rate_interval])))`,
              legend: '{{domain}} p99',
            },
          ],
        },
        {
          title: 'From the relay to each replica',
          about:
            'From the relay’s taking up of a change until a replica has applied it. Near half a second: the doorbell is not heard.',
          form: 'lines',
          unit: 's',
          width: 8,
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (instance, le) (rate(freshet_apply_latency_seconds_bucket[$__rate_interval])))',
              legend: '{{instance}} p99',
            },
          ],
        },
        {
          title: 'Rows that wait',
          about: 'Near zero, but for the time of a bulk change. A gap: no relay can ask Postgres.',
          form: 'lines',
          unit: 'short',
          width: 8,
          queries: [
            { expr: `domain:freshet_outbox_pending_rows:max{${chosen}}`, legend: '{{domain}} pending' },
            {
              expr: `max by (domain) (freshet_outbox_retrying_rows{${chosen}})`,
              legend: '{{domain}} failing for a minute',
            },
          ],
        },
        {
          title: 'Age of the oldest of them',
          about: 'While it grows, memories are off.',
          form: 'lines',
          unit: 's',
          width: 8,
          queries: [
            { expr: `domain:freshet_outbox_oldest_age_seconds:max{${chosen}}`, legend: '{{domain}}' },
          ],
        },
        {
          title: 'Trouble on the way',
          about:
            'Attempts that failed, retries that could not be queued (the poll takes them), rows that name no possible key.',
          form: 'lines',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: `sum by (domain) (rate(freshet_invalidation_retries_total{${chosen}}[$__rate_interval]))`,
              legend: '{{domain}} to be retried',
            },
            {
              expr: `sum by (domain) (rate(freshet_retry_queue_failures_total{${chosen}}[$__rate_interval]))`,
              legend: '{{domain}} not queued',
            },
            {
              expr: `sum by (domain) (rate(freshet_dead_letters_total{${chosen}}[$__rate_interval]))`,
              legend: '{{domain}} dead letters',
            },
          ],
        },
      ],
    },
    {
      title: 'Who speaks for a domain',
      panels: [
        {
          title: 'Age of the watermark, as each relay sees it',
          about: 'One relay whose line grows alone is cut off; when all grow, memories are off.',
          form: 'lines',
          unit: 's',
          width: 8,
          queries: [{ expr: `freshet_watermark_age_seconds{${chosen}}`, legend: '{{instance}} {{domain}}' }],
        },
        {
          title: 'Blessed, as each relay sees it',
          about: 'Zero for some seconds at a failover. One relay at zero for long: it asks another Redis.',
          form: 'lines',
          unit: 'none',
          max: 1,
          width: 8,
          queries: [{ expr: `freshet_domain_blessed{${chosen}}`, legend: '{{instance}} {{domain}}' }],
        },
        {
          title: 'Replicas with a lease, as Redis knows them',
          about: 'What a strong write waits for.',
          form: 'lines',
          unit: 'none',
          width: 4,
          queries: [{ expr: `max by (domain) (freshet_live_replicas{${chosen}})`, legend: '{{domain}}' }],
        },
        {
          title: 'Blessings in the last hour',
          about: 'One for each restart or failover of Redis.',
          form: 'number',
          unit: 'none',
          decimals: 0,
          width: 4,
          colours: [
            { from: 2, colour: 'orange' },
            { from: 4, colour: 'red' },
          ],
          queries: [
            {
              expr: `sum by (domain) (increase(freshet_blessings_total{${chosen}}[1h]))`,
              legend: '{{domain}}',
            },
          ],
        },
      ],
    },
  ],
};
