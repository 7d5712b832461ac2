import { disposeAtEnd, eventually } from '@freshet/test-kit';
import { type FreshetProcess, startSystem, untilHit } from '@freshet/test-kit/system';
import { beforeAll, expect, test } from 'vitest';
import type { Query } from '../src/dashboards/description.ts';
import { dashboards } from '../src/dashboards/index.ts';
import { query, type Series } from '../src/prometheus/ask.ts';
import { startPrometheus } from '../src/prometheus/start-prometheus.ts';
import { alertRules, metricsNamedIn, recordingRules } from './shipped-rules.ts';

let prometheus: string;

beforeAll(async () => {
  const system = await startSystem();
  const programs = { 'user-service': system.replicas.user, 'inventory-service': system.replicas.inventory };
  const targets = Object.entries({ ...programs, 'invalidation-relay': system.relays }).flatMap(
    ([service, processes]) => processes.map(({ name, url }) => ({ name, service, url })),
  );
  const server = await startPrometheus({ targets, everySeconds: 1 });
  disposeAtEnd('Prometheus', () => server.stop());
  prometheus = server.url;
  // From zero on: only an increase between two scrapes is a rate.
  await untilSeries('up == 1', targets.length);
  await runSomeTraffic(programs['user-service'], programs['inventory-service']);
});

/** Two scrapes and an evaluation may have to pass before there are some. */
async function untilSeries(expr: string, count?: number): Promise<readonly Series[]> {
  return eventually(
    async () => {
      const series = await query(prometheus, expr);
      if (count === undefined ? series.length === 0 : series.length !== count)
        throw new Error(`There are ${series.length}.`);
      return series;
    },
    { what: `Prometheus has series of ${expr}`, deadlineMs: 20_000 },
  );
}

/** A bit of everything that a dashboard shows: hits of both layers, misses, updates, strong writes. */
async function runSomeTraffic(
  users: readonly FreshetProcess[],
  inventories: readonly FreshetProcess[],
): Promise<void> {
  const [one, other] = users;
  const [stock] = inventories;
  if (!one || !other || !stock) throw new Error('Not all started.');
  const created = await one.send('POST', '/users', { body: { name: 'Ada', email: 'ada@example.com' } });
  const path = String(created.headers.location);
  await untilHit(one, path);
  await untilHit(other, path, 'l2');
  await one.send('PATCH', path, { body: { name: 'Ada Lovelace' } });
  await untilHit(other, path);
  const product = { name: 'Lamp', description: 'Shines', priceCents: 4_900 };
  for (const [put, body] of [
    ['/products/lamp', product],
    ['/inventory/lamp', { quantity: 5 }],
  ] as const) {
    expect(await stock.send('PUT', put, { body })).toMatchObject({ status: 201 });
  }
  for (const read of ['/products/lamp', '/inventory/lamp', '/inventory/summary']) await untilHit(stock, read);
}

/** What Grafana puts in, when everything is chosen. */
const filledIn = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(service|entity|domain)\b/g, '.+');

const panels = dashboards.flatMap(({ uid, rows }) =>
  rows.flatMap(({ panels: inRow }) =>
    inRow.flatMap(({ title, queries }) =>
      queries.map((one) => ({ ...one, name: `${uid}: ${title}: ${one.legend}` })),
    ),
  ),
);

const isQuiet = ({ emptyWhenHealthy = false }: Query): boolean => emptyWhenHealthy;

test.for(panels.filter((panel) => !isQuiet(panel)))('$name', async ({ expr }) => {
  expect(await untilSeries(filledIn(expr))).not.toEqual([]);
});

test.for(panels.filter(isQuiet))('$name: nothing, on a healthy system', async ({ expr }) => {
  expect(await query(prometheus, filledIn(expr))).toEqual([]);
});

const variables = dashboards.flatMap(({ uid, variables: inOne }) => inOne.map((one) => ({ ...one, uid })));

test.for(variables)(
  'the variable $name of $uid has something to choose from',
  async ({ name, query: choice }) => {
    const selector = /^label_values\((.*), (\w+)\)$/.exec(choice);
    expect(selector?.[2]).toBe(name);
    const series = await untilSeries(filledIn(selector?.[1] ?? ''));
    expect(series.filter(({ metric }) => metric[name] === undefined)).toEqual([]);
  },
);

test.for(recordingRules)('$record is recorded', async ({ record }) => {
  expect(await untilSeries(record)).not.toEqual([]);
});

test.for(alertRules)(
  '$alert keeps quiet on a healthy system, and would hear of it',
  async ({ alert, expr }) => {
    await query(prometheus, expr); // Prometheus knows all the functions and labels in it.
    const firing = await query(prometheus, `ALERTS{alertname="${alert}", alertstate="firing"}`);
    expect(firing).toEqual([]);
    for (const metric of [...selectorsIn(expr), ...metricsNamedIn(expr)]) {
      await untilSeries(metric);
    }
  },
);

/** With their labels: one that does not exist would select nothing, for ever. */
function selectorsIn(expr: string): string[] {
  return expr.match(/\b(?:up|[a-z_:]*freshet_[a-z0-9_:]+)\{[^}]*\}/g) ?? [];
}
