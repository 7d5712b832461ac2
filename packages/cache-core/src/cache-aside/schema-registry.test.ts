import { expect, test } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import type { Origin } from '../origin/origin.ts';
import { SchemaRegistry } from './schema-registry.ts';

test('a registration that keeps failing is told of once, and once that it worked', async () => {
  const clock = new FakeClock();
  const lines: unknown[][] = [];
  const log = {
    failed: (what: string, error: unknown) => lines.push([what, error]),
    done: (what: string) => lines.push([what]),
  };
  const refused = new Error('permission denied for schema freshet');
  let refuse = true;
  const origin: Pick<Origin, 'registerSchemaVersions' | 'schemaVersions'> = {
    async registerSchemaVersions() {
      if (refuse) throw refused;
    },
    schemaVersions: async () => [],
  };
  const registry = new SchemaRegistry(origin, clock, log);
  await registry.register();
  await clock.advance(5_000);
  expect(lines).toEqual([[expect.stringContaining('nothing is kept in Redis'), refused]]);
  expect(registry.registered).toBe(false);
  refuse = false;
  await clock.advance(1_000);
  expect(lines.slice(1)).toEqual([['schema versions are registered']]);
  registry.close();
});

test('a registration lapses while the process sleeps longer than relays remember it', async () => {
  const clock = new FakeClock();
  const origin = { registerSchemaVersions: async () => {}, schemaVersions: async () => [] };
  const registry = new SchemaRegistry(origin, clock, { failed: () => {}, done: () => {} });
  await registry.register();
  expect(registry.registered).toBe(true);
  clock.suspend(24 * 3_600_000);
  expect(registry.registered).toBe(false);
  await clock.advance(60_000);
  expect(registry.registered).toBe(true);
  registry.close();
});
