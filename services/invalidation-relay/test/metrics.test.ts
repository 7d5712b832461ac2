import { fileURLToPath } from 'node:url';
import { type Metric, replicaMetrics } from '@freshet/cache-core/telemetry';
import { processMetrics } from '@freshet/service-kit';
import { eventually, type OtlpReceiver, startOtlpReceiver } from '@freshet/test-kit';
import { type FreshetProcess, startSystem } from '@freshet/test-kit/system';
import { expect, test } from 'vitest';
import { auditMetrics } from '../src/audit/audit-metrics.ts';
import { relayMetrics } from '../src/telemetry/relay-metrics.ts';
import { documentation, metricsTable } from './documentation.ts';
import { exposed, type Sample } from './exposed-metrics.ts';

const contract = {
  service: Object.values<Metric>(replicaMetrics),
  relay: Object.values<Metric>({ ...relayMetrics, ...auditMetrics }),
  'every process': Object.values<Metric>(processMetrics),
};

test('the table in docs/telemetry.md is the contract; `vitest -u` writes it', async () => {
  const { before, after } = documentation('metric');
  const path = fileURLToPath(new URL('../../../docs/telemetry.md', import.meta.url));
  await expect(`${before}${metricsTable(contract)}${after}`).toMatchFileSnapshot(path);
});

test('every process publishes its part of the contract, with no labels or values but those', async () => {
  const otlp = await startOtlpReceiver();
  const system = await startSystem({
    replicas: 1,
    env: {
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${otlp.url}/v1/metrics`,
      OTEL_METRIC_EXPORT_INTERVAL: '200',
    },
  });
  const [user, inventory, relay] = [system.replicas.user, system.replicas.inventory, system.relays].flat();
  if (user === undefined || inventory === undefined || relay === undefined)
    throw new Error('Not all started.');
  // What is timed needs something to be timed: an invalidation, and a strong write.
  const body = { name: 'Ada', email: 'ada@example.com' };
  expect(await user.send('POST', '/users', { body })).toMatchObject({ status: 201 });
  const product = { name: 'Weir', description: '', priceCents: 100 };
  expect(await inventory.send('PUT', '/products/weir', { body: product })).toMatchObject({ status: 201 });
  const stock = { quantity: 5 };
  expect(await inventory.send('PUT', '/inventory/weir', { body: stock })).toMatchObject({ status: 201 });

  const ofStrong: readonly Metric[] = [
    replicaMetrics.strongWrites,
    replicaMetrics.fences,
    replicaMetrics.barrier,
  ];
  const notStrong = contract.service.filter((metric) => !ofStrong.includes(metric));
  await untilPublished(user, notStrong);
  await untilPublished(inventory, contract.service);
  await untilPublished(relay, contract.relay);
  await untilSent(otlp, inventory, contract.service);
  await untilSent(otlp, relay, contract.relay);

  // Whatever is asked for, there is no series more.
  const before = await freshetSeries(user);
  for (const path of ['/users/nobody', '/users/%00', `/users/${'x'.repeat(900)}`, '/nowhere'])
    await user.send('GET', path, { headers: { 'freshet-min-version': 'x', 'x-tenant': 'acme' } });
  expect(await freshetSeries(user)).toEqual(before);
});

async function untilPublished(process: FreshetProcess, metrics: readonly Metric[]): Promise<void> {
  const all = [...metrics, ...contract['every process']];
  const names = all.map(({ name }) => name).toSorted();
  await eventually(async () => expect([...(await exposed(process)).keys()].toSorted()).toEqual(names), {
    what: `${process.name} publishes the metrics of the contract`,
  });
  const published = await exposed(process);
  for (const metric of all) {
    const { type, help, samples } = published.get(metric.name) ?? { type: '', help: '', samples: [] };
    expect({ name: metric.name, type, help }).toEqual({
      name: metric.name,
      type: metric.type,
      help: metric.help,
    });
    for (const sample of samples) expectLabels(metric, sample);
  }
}

/** By OTLP there is the same, but for the suffix of counters, which is Prometheus' own. */
async function untilSent(
  otlp: OtlpReceiver,
  process: FreshetProcess,
  metrics: readonly Metric[],
): Promise<void> {
  const all = [...metrics, ...contract['every process']];
  const expected = all.map(({ name, type, unit = '', help, labels }) => ({
    name: name.replace(/_total$/, ''),
    type: type === 'counter' ? 'sum' : type,
    unit,
    description: help,
    labels: Object.keys(labels).toSorted(),
  }));
  await eventually(
    () => {
      const sent = otlp
        .metrics()
        .filter(({ resource }) => resource['service.instance.id'] === process.name)
        .map(({ name, type, unit, description, series }) => ({
          name,
          type,
          unit,
          description,
          labels: Object.keys(series[0] ?? {}).toSorted(),
        }));
      expect(sent.toSorted(byName)).toEqual(expected.toSorted(byName));
    },
    { what: `${process.name} sends the metrics of the contract` },
  );
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1;
}

function expectLabels({ name, labels: allowed }: Metric, { labels }: Sample): void {
  expect([name, ...Object.keys(labels).toSorted()]).toEqual([name, ...Object.keys(allowed).toSorted()]);
  for (const [label, value] of Object.entries(labels)) {
    const values = allowed[label] ?? configured[label] ?? [value];
    expect(values, `${name}{${label}}`).toContain(value);
  }
}

/** The labels whose values are names that somebody configured. */
const configured: Readonly<Record<string, readonly string[]>> = {
  service: ['user', 'inventory'],
  domain: ['user', 'inventory'],
  entity: ['profile', 'session', 'product', 'stock', 'summary'],
};

async function freshetSeries(process: FreshetProcess): Promise<string[]> {
  const published = [...(await exposed(process))].filter(([name]) => name.startsWith('freshet_'));
  return published.flatMap(([name, { samples }]) =>
    samples.map(({ labels }) => `${name} ${JSON.stringify(labels)}`),
  );
}
