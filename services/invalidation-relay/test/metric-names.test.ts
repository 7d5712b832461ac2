import { eventually } from '@freshet/test-kit';
import { type FreshetProcess, startSystem } from '@freshet/test-kit/system';
import { expect, test } from 'vitest';
import { documentedNames } from './documented-names.ts';

async function exposedNames(process: FreshetProcess): Promise<string[]> {
  const { text } = await process.send('GET', '/metrics');
  return [...text.matchAll(/^# TYPE (freshet_\S+) /gm)].map(([, name = '']) => name).toSorted();
}

test('the metrics of every process are those of docs/telemetry.md, from its first minute on', async () => {
  const system = await startSystem({ replicas: 1 });
  const [user, inventory, relay] = [system.replicas.user, system.replicas.inventory, system.relays].flat();
  if (user === undefined || inventory === undefined || relay === undefined)
    throw new Error('Not all started.');
  // A latency needs a first invalidation.
  const body = { name: 'Ada', email: 'ada@example.com' };
  expect(await user.send('POST', '/users', { body })).toMatchObject({ status: 201 });

  for (const [process, of] of [
    [user, 'service'],
    [inventory, 'service'],
    [relay, 'relay'],
  ] as const) {
    const documented = documentedNames('metric', of);
    expect(documented.length, 'the documentation was read').toBeGreaterThan(5);
    await eventually(async () => expect(await exposedNames(process)).toEqual(documented), {
      what: `${process.name} exposes what is documented`,
    });
  }
});
