import { type DashboardDescription, domainVariable } from './description.ts';

const chosen = 'domain=~"$domain"';

export const audit: DashboardDescription = {
  uid: 'freshet-audit',
  title: 'Freshet: audit',
  about:
    'What was found when memories and Redis were compared with Postgres. One relay at a time looks at a domain; when it dies, another goes on.',
  variables: [domainVariable],
  rows: [
    {
      title: 'Is anybody reading old data?',
      panels: [
        {
          title: 'Old entries, open findings',
          about:
            'Entries that are older than their rows, after a second look. Each is in the console, with its key.',
          form: 'number',
          unit: 'none',
          width: 8,
          colours: [{ from: 1, colour: 'red' }],
          queries: [
            {
              expr: `max by (domain, layer) (freshet_audit_findings{${chosen}})`,
              legend: '{{domain}} {{layer}}',
            },
          ],
        },
        {
          title: 'Consistent, of the last hour’s samples',
          about:
            'Of the cached values that were compared with their row, those that were as fresh as promised.',
          form: 'number',
          unit: 'percentunit',
          decimals: 4,
          width: 8,
          colours: [
            { from: 0, colour: 'red' },
            { from: 0.999, colour: 'orange' },
            { from: 0.99999, colour: 'green' },
          ],
          queries: [
            {
              expr: `min by (domain, layer) (freshet_audit_consistency_ratio{${chosen}, window="1h"})`,
              legend: '{{domain}} {{layer}}',
            },
          ],
        },
        {
          title: 'Keys without an expiry',
          about: 'Found by the scan of Redis. Another program writes to it.',
          form: 'number',
          unit: 'none',
          width: 8,
          colours: [{ from: 1, colour: 'orange' }],
          queries: [
            { expr: `max by (domain) (freshet_audit_keys_without_ttl{${chosen}})`, legend: '{{domain}}' },
          ],
        },
      ],
    },
    {
      title: 'What the audit does',
      panels: [
        {
          title: 'Not consistent, by window',
          about:
            'Nothing is what it should be. A bad minute shows in the short window first, and stays in the long one.',
          form: 'lines',
          unit: 'percentunit',
          width: 8,
          queries: [
            {
              expr: `1 - min by (domain, layer, window) (freshet_audit_consistency_ratio{${chosen}})`,
              legend: '{{domain}} {{layer}} {{window}}',
            },
          ],
        },
        {
          title: 'Samples, by verdict',
          about: 'How much the figures above stand on. No sample, no figure.',
          form: 'areas',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: `sum by (layer, verdict) (rate(freshet_audit_samples_total{${chosen}}[$__rate_interval]))`,
              legend: '{{layer}} {{verdict}}',
            },
          ],
        },
        {
          title: 'What it costs',
          about: 'The share of time that its rounds take. Most of it is waiting for answers.',
          form: 'lines',
          unit: 'percentunit',
          width: 8,
          queries: [
            {
              expr: `sum by (domain, instance) (rate(freshet_audit_seconds_total{${chosen}}[$__rate_interval]))`,
              legend: '{{instance}} {{domain}}',
            },
          ],
        },
      ],
    },
  ],
};
