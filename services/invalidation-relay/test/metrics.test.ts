import { fileURLToPath } from 'node:url';
import { type Metric, replicaMetrics } from '@freshet/cache-core/protocol';
import { eventually } from '@freshet/test-kit';
import { type FreshetProcess, startSystem } from '@freshet/test-kit/system';
import { expect, test } from 'vitest';
import { relayMetrics } from '../src/telemetry/relay-metrics.ts';
import { documentation, metricsTable } from './documentation.ts';
import { exposed, type Sample } from './exposed-metrics.ts';

const contract = {
  service: Object.values<Metric>(replicaMetrics),
  relay: Object.values<Metric>(relayMetrics),
};

test('the table in docs/telemetry.md is the contract; `vitest -u` writes it', async () => {
  const { before, after } = documentation('metric');
  const path = fileURLToPath(new URL('../../../docs/telemetry.md', import.meta.url));
  await expect(`${before}${metricsTable(contract)}${after}`).toMatchFileSnapshot(path);
});

test('every process publishes its part of the contract, with no labels or values but those', async () => {
  const system = await startSystem({ replicas: 1 });
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

  // Whatever is asked for, there is no series more.
  const before = await series(user);
  for (const path of ['/users/nobody', '/users/%00', `/users/${'x'.repeat(900)}`, '/nowhere'])
    await user.send('GET', path, { headers: { 'freshet-min-version': 'x', 'x-tenant': 'acme' } });
  expect(await series(user)).toEqual(before);
});

async function untilPublished(process: FreshetProcess, metrics: readonly Metric[]): Promise<void> {
  const names = metrics.map(({ name }) => name).toSorted();
  await eventually(async () => expect([...(await exposed(process)).keys()].toSorted()).toEqual(names), {
    what: `${process.name} publishes the metrics of the contract`,
  });
  const published = await exposed(process);
  for (const metric of metrics) {
    const { type, help, samples } = published.get(metric.name) ?? { type: '', help: '', samples: [] };
    expect({ name: metric.name, type, help }).toEqual({
      name: metric.name,
      type: metric.type,
      help: metric.help,
    });
    for (const sample of samples) expectLabels(metric, sample);
  }
}

function expectLabels({ name, labels: allowed }: Metric, { labels }: Sample): void {
  expect([name, ...Object.keys(labels).toSorted()]).toEqual([name, ...Object.keys(allowed).toSorted()]);
  for (const [label, value] of Object.entries(labels)) {
    const values = allowed[label] ?? configured[label];
    expect(values, `${name}{${label}}`).toContain(value);
  }
}

/** The labels whose values are names that somebody configured. */
const configured: Readonly<Record<string, readonly string[]>> = {
  service: ['user', 'inventory'],
  domain: ['user', 'inventory'],
  entity: ['profile', 'session', 'product', 'stock', 'summary'],
};

async function series(process: FreshetProcess): Promise<string[]> {
  const published = await exposed(process);
  return [...published].flatMap(([name, { samples }]) =>
    samples.map(({ labels }) => `${name} ${JSON.stringify(labels)}`),
  );
}
