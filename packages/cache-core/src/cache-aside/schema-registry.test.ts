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
      return 0;
    },
    schemaVersions: async () => [],
  };
  const registry = new SchemaRegistry(origin, clock, log, () => 0);
  await registry.register();
  await clock.advance(5_000);
  expect(lines).toEqual([[expect.stringContaining('nothing is kept in Redis'), refused]]);
  expect(registry.registered).toBe(false);
  refuse = false;
  await clock.advance(1_000);
  expect(lines.slice(1)).toEqual([['schema versions are registered']]);
  registry.close();
});

test('a registration counts no more once L2 was voided: it may be lost with an earlier Postgres', async () => {
  const clock = new FakeClock();
  let registrations = 0;
  let fail = false;
  let validFrom = 0;
  const origin = {
    async registerSchemaVersions() {
      if (fail) throw new Error('no database');
      return ++registrations === 1 ? 4 : 7;
    },
    schemaVersions: async () => [],
  };
  const registry = new SchemaRegistry(origin, clock, { failed: () => {}, done: () => {} }, () => validFrom);
  await registry.register();
  // Recorded before it was registered.
  validFrom = 4;
  await registry.voided();
  expect(registry.registered).toBe(true);
  expect(registrations).toBe(1);

  validFrom = 7;
  fail = true;
  expect(registry.registered).toBe(false);
  await registry.voided();
  expect(registry.registered).toBe(false);
  fail = false;
  await clock.advance(500);
  expect(registry.registered).toBe(true);
  registry.close();
});

test('the first blessing of a domain voids no registration', async () => {
  const clock = new FakeClock();
  let validFrom = 0;
  const origin = { registerSchemaVersions: async () => 0, schemaVersions: async () => [] };
  const registry = new SchemaRegistry(origin, clock, { failed: () => {}, done: () => {} }, () => validFrom);
  await registry.register();
  validFrom = 1;
  await registry.voided();
  expect(registry.registered).toBe(true);
  registry.close();
});

test('a registration lapses while the process sleeps longer than relays remember it', async () => {
  const clock = new FakeClock();
  const origin = { registerSchemaVersions: async () => 0, schemaVersions: async () => [] };
  const registry = new SchemaRegistry(origin, clock, { failed: () => {}, done: () => {} }, () => 0);
  await registry.register();
  expect(registry.registered).toBe(true);
  clock.suspend(24 * 3_600_000);
  expect(registry.registered).toBe(false);
  await clock.advance(60_000);
  expect(registry.registered).toBe(true);
  registry.close();
});
