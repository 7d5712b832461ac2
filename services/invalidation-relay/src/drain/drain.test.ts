import { MAX_VERSION, systemClock } from '@freshet/cache-core/protocol';
import { disposeAtEnd, eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { createRelayFixture, DOMAIN } from '../../test/relay-fixture.ts';
import { PostgresOutboxStore } from '../domain/postgres-outbox-store.ts';
import { connectRedisLink } from '../domain/redis-link.ts';
import { noFaults } from '../faults/faults.ts';
import { domainMetrics } from '../telemetry/domain-metrics.ts';
import { Drain } from './drain.ts';

test('a committed change leaves every schema version of its key, and reaches the log', async () => {
  const fixture = await createRelayFixture();
  const { db, redis } = fixture;
  fixture.startRelay();
  await fixture.untilBlessed();
  await fixture.cacheEntry('user:profile:ann', '1');
  await fixture.cacheEntry('user:v2:profile:ann', '1');
  await fixture.cacheEntry('user:profile:bob', '1');

  const { rows } = await db.query<{ version: string }>(
    `insert into profiles (id, name) values ('ann', 'Ann') returning version`,
  );
  await fixture.untilDrained();

  expect(await redis.exists('user:profile:ann', 'user:v2:profile:ann')).toBe(0);
  expect(await redis.exists('user:profile:bob')).toBe(1);
  expect(await fixture.logEntries()).toEqual([
    { kind: 'key', key: 'user:profile:ann', v: rows[0]?.version, at: expect.any(Number) },
  ]);
});

test('an entry that is as new as the change stays', async () => {
  const fixture = await createRelayFixture();
  fixture.startRelay();
  await fixture.untilBlessed();
  await fixture.cacheEntry('user:profile:ann', '9000000000000000000');
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await fixture.untilDrained();
  expect(await fixture.redis.exists('user:profile:ann')).toBe(1);
});

test('of several changes of one key, the last one counts', async () => {
  const fixture = await createRelayFixture();
  fixture.startRelay();
  await fixture.untilBlessed();
  const client = await fixture.db.connect();
  await client.query('begin');
  const { rows } = await client.query<{ version: string }>(
    `insert into profiles (id, name) values ('ann', 'Ann') returning version`,
  );
  await client.query(`update profiles set name = 'Anna' where id = 'ann'`);
  await fixture.cacheEntry('user:profile:ann', rows[0]?.version ?? '');
  await client.query('commit');
  client.release();
  await fixture.untilDrained();
  expect(await fixture.redis.exists('user:profile:ann')).toBe(0);
  expect(await fixture.logEntries()).toHaveLength(2);
});

test('a doorbell starts a drain without waiting for the poll', async () => {
  const fixture = await createRelayFixture();
  fixture.startRelay({ timing: { pollMs: 3_600_000 } });
  await fixture.untilBlessed();
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await eventually(
    async () => {
      await fixture.protocol.ringRelays();
      return (await fixture.pending()) === 0;
    },
    { what: 'the ring started a drain' },
  );
  expect(await fixture.logEntries()).toHaveLength(1);
});

test('an entity as a whole leaves L2 and is one entry in the log', async () => {
  const fixture = await createRelayFixture();
  const { db, redis } = fixture;
  fixture.startRelay();
  await fixture.untilBlessed();
  const keys = Array.from({ length: 2_500 }, (_, n) =>
    n % 2 ? `user:profile:${n}` : `user:v2:profile:${n}`,
  );
  for (const key of keys) await fixture.cacheEntry(key, '5');
  await redis.set('user:other:1', 'stays');
  await redis.set('user:v3:profile:1', 'a schema version that nobody registered');

  await db.query('truncate profiles');
  await fixture.untilDrained();

  expect(await redis.exists(...keys)).toBe(0);
  expect(await redis.exists('user:other:1', 'user:v3:profile:1')).toBe(2);
  expect(await fixture.logEntries()).toEqual([
    { kind: 'entity', key: 'user:profile', v: MAX_VERSION, at: expect.any(Number) },
  ]);
});

test('a row that names no possible key becomes a dead letter at once and holds nothing back', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  fixture.startRelay();
  await fixture.untilBlessed();
  await db.query(`
    begin;
    select freshet.invalidate('user', 'profile', array['']);
    select freshet.invalidate('user', 'profile', array[E'line\\nbreak']);
    select freshet.invalidate('user', 'pro:file');
    select freshet.invalidate('user', 'profile', array['ann']);
    commit`);
  await fixture.untilDrained();
  const { rows } = await db.query<{ dead: boolean; reason: string | null; attempts: number }>(
    `select dead_at is not null as dead, dead_reason as reason, attempts from freshet.invalidation_outbox order by id`,
  );
  expect(rows).toEqual([
    { dead: true, reason: expect.stringContaining('FRESHET_INVALID_ID'), attempts: 0 },
    { dead: true, reason: expect.stringContaining('FRESHET_INVALID_ID'), attempts: 0 },
    { dead: true, reason: expect.stringContaining('FRESHET_INVALID_KEY'), attempts: 0 },
    { dead: false, reason: null, attempts: 0 },
  ]);
  const before = (await fixture.protocol.status()).timeMs;
  await eventually(async () => ((await fixture.protocol.status()).asOf ?? 0) > before, {
    what: 'the watermark moves on past the dead letters',
  });
});

test('the writer’s trace context travels on in the log', async () => {
  const fixture = await createRelayFixture();
  fixture.startRelay();
  await fixture.untilBlessed();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await fixture.db.query(`
    begin;
    set local freshet.traceparent = '${traceparent}';
    insert into profiles (id, name) values ('ann', 'Ann');
    commit`);
  await fixture.untilDrained();
  expect(await fixture.logEntries()).toMatchObject([{ key: 'user:profile:ann', tp: traceparent }]);
});

test('two relays side by side apply every row exactly once, each with a number of its own', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  const drained = { a: 0, b: 0 };
  const lastNumber = async () =>
    BigInt(
      (await db.query<{ last_value: string }>('select last_value from freshet.applied_no_seq')).rows[0]
        ?.last_value ?? 0,
    );
  const before = await lastNumber();
  // The first batches are held at the same time: neither relay can be done before the other has begun.
  const started = new Set<string>();
  const both = Promise.withResolvers<void>();
  for (const name of ['a', 'b'] as const) {
    fixture.startRelay({
      name,
      faults: {
        async at(point) {
          if (point === 'before-commit') drained[name]++;
          if (point !== 'before-drop') return;
          started.add(name);
          if (started.size === 2) both.resolve();
          await both.promise;
        },
      },
    });
  }
  await fixture.untilBlessed();
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let round = 0; round < 40; round++) {
      await db.query(
        `insert into profiles (id, name) select $1 || '-' || n, 'x' from generate_series(1, 20) n
         on conflict (id) do update set name = excluded.name`,
        [`${writer}-${round % 10}`],
      );
    }
  });
  await Promise.all(writers);
  await fixture.untilDrained();

  const { rows } = await db.query(
    `select count(*)::int as rows, count(distinct applied_no)::int as numbers from freshet.invalidation_outbox`,
  );
  expect(rows).toEqual([{ rows: 6_400, numbers: 6_400 }]);
  expect((await lastNumber()) - before, 'no row was marked twice').toBe(6_400n);
  expect(drained.a, 'relay a took part').toBeGreaterThan(0);
  expect(drained.b, 'relay b took part').toBeGreaterThan(0);
});

test('what was dropped but not appended is dropped and appended again', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  let failures = 1;
  let appendedBefore: number | undefined;
  fixture.startRelay({
    faults: {
      async at(point) {
        if (point !== 'after-drop' || failures-- <= 0) return;
        appendedBefore = (await fixture.logEntries()).length;
        throw new Error('between DROP and APPEND');
      },
    },
  });
  await fixture.untilBlessed();
  await db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  const failed = await eventually(
    async () => {
      const { rows } = await db.query<{ attempts: number; last_error: string; later: boolean }>(
        `select attempts, last_error, next_attempt_at >= created_at + interval '600 ms' as later from freshet.invalidation_outbox where attempts > 0`,
      );
      return rows[0] ?? null;
    },
    { what: 'the row was postponed' },
  );
  expect(appendedBefore).toBe(0);
  expect(failed).toEqual({ attempts: 1, last_error: 'between DROP and APPEND', later: true });
  // A reader fills the key again before the second attempt: the first DROP does not count for it.
  await fixture.cacheEntry('user:profile:ann', '1');
  await fixture.untilDrained();
  expect(await fixture.redis.exists('user:profile:ann')).toBe(0);
  expect(await fixture.logEntries()).toHaveLength(1);
});

test('nothing is appended when a DROP failed', async () => {
  const fixture = await createRelayFixture();
  const { db, redis } = fixture;
  fixture.startRelay();
  await fixture.untilBlessed();
  await fixture.cacheEntry('user:profile:ann', '1');
  // Scripts that write are refused; the head stays readable, so the drain does not stand still.
  await redis.config('SET', 'min-replicas-to-write', '1');
  await db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await eventually(
    async () =>
      (await db.query(`select from freshet.invalidation_outbox where last_error like '%NOREPLICAS%'`))
        .rowCount,
    { what: 'the DROP was refused' },
  );
  expect(await redis.exists('user:profile:ann')).toBe(1);
  expect(await fixture.logEntries()).toEqual([]);
  await redis.config('SET', 'min-replicas-to-write', '0');
  await fixture.untilDrained();
  expect(await redis.exists('user:profile:ann')).toBe(0);
});

test('a batch does not span a reconnect', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  const generations: number[] = [];
  const relay = fixture.startRelay({
    faults: {
      async at(point) {
        if (point !== 'after-drop') return;
        const { protocol } = relay.redis;
        generations.push(protocol.generation);
        if (generations.length > 1) return;
        relay.redis.reconnect();
        await eventually(() => protocol.status(), { what: 'the connection is there again' });
      },
    },
  });
  await fixture.untilBlessed();
  await db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await fixture.untilDrained();
  expect(generations).toHaveLength(2);
  const { rows } = await db.query<{ attempts: number }>('select attempts from freshet.invalidation_outbox');
  expect(rows).toEqual([{ attempts: 1 }]);
  expect(await fixture.logEntries()).toHaveLength(1);
});

test('rows are not marked once a newer blessing was recorded', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  await fixture.bless();
  const relay = fixture.startRelay({
    timing: { blessingWatchMs: 3_600_000 },
    faults: {
      async at(point) {
        if (point !== 'after-append') return;
        await db.query(
          `insert into freshet.blessing (number, history, origin, lease_ms, max_staleness_ms, strong_transaction_ms, recorded_by)
           values (2, 'another server', 'x', 1, 1, 1, 'another relay') on conflict do nothing`,
        );
      },
    },
  });
  await db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await eventually(() => relay.relay.state.standingStill, { what: 'the drain stands still' });
  expect(await fixture.logEntries(), 'DROP and APPEND were done').toHaveLength(1);
  const { rows } = await db.query('select applied_no, attempts from freshet.invalidation_outbox');
  expect(rows).toEqual([{ applied_no: null, attempts: 0 }]);
});

test('a server of an older blessing is told nothing', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  await fixture.bless();
  await fixture.cacheEntry('user:profile:ann', '0');
  await db.query(
    `insert into freshet.blessing (number, history, origin, lease_ms, max_staleness_ms, strong_transaction_ms, recorded_by)
     values (2, 'another server', 'x', 1, 1, 1, 'another relay')`,
  );
  const relay = fixture.startRelay({ timing: { blessingWatchMs: 3_600_000 } });
  await db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await eventually(() => relay.relay.state.standingStill?.includes('under blessing 1') === true, {
    what: 'the drain stands still',
  });
  expect(await fixture.redis.exists('user:profile:ann')).toBe(1);
  expect(await fixture.logEntries()).toEqual([]);
});

test('the numbers of applied rows are drawn after their APPEND', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  const lastNumber = async () =>
    (await db.query<{ last_value: string }>('select last_value from freshet.applied_no_seq')).rows[0]
      ?.last_value;
  const before = await lastNumber();
  const seen: (string | undefined)[] = [];
  fixture.startRelay({
    faults: {
      async at(point) {
        if (point === 'after-append') seen.push(await lastNumber());
      },
    },
  });
  await fixture.untilBlessed();
  await db.query(`insert into profiles (id, name) values ('ann', 'Ann'), ('bob', 'Bob')`);
  await fixture.untilDrained();
  expect(new Set(seen)).toEqual(new Set([before]));
  expect(BigInt((await lastNumber()) ?? 0) - BigInt(before ?? 0)).toBe(2n);
});

test('Postgres takes the rows from a relay that hangs, and what it does later is harmless', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  const hang = Promise.withResolvers<void>();
  const hung = Promise.withResolvers<void>();
  fixture.startRelay({
    name: 'hanging',
    faults: {
      async at(point) {
        if (point !== 'after-drop') return;
        hung.resolve();
        await hang.promise;
      },
    },
  });
  await fixture.untilBlessed();
  await db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await hung.promise;
  await fixture.cacheEntry('user:profile:ann', '1');
  fixture.startRelay({ name: 'other' });
  await eventually(async () => (await fixture.pending()) === 0, {
    what: 'the hanging transaction was ended and the row taken over',
    deadlineMs: 20_000,
  });
  expect(await fixture.redis.exists('user:profile:ann')).toBe(0);
  const applied = () => db.query('select applied_no, attempts from freshet.invalidation_outbox');
  const { rows } = await applied();
  hang.resolve();
  await eventually(async () => (await fixture.logEntries()).length === 2, { what: 'the late APPEND' });
  expect((await applied()).rows).toEqual(rows);
});

test('a relay whose Redis is silent locks no row that another could drain', async () => {
  const fixture = await createRelayFixture();
  let locked = 0;
  class CountingStore extends PostgresOutboxStore {
    override withLockedRows: PostgresOutboxStore['withLockedRows'] = (selection, work) => {
      locked++;
      return super.withLockedRows(selection, work);
    };
  }
  const silent = connectRedisLink('redis://127.0.0.1:1', DOMAIN, 'silent');
  disposeAtEnd('silent link', async () => silent.close());
  const drain = new Drain({
    domain: DOMAIN,
    store: new CountingStore(fixture.db),
    redis: silent,
    faults: noFaults,
    metrics: domainMetrics(DOMAIN),
    clock: systemClock,
    random: Math.random,
  });
  await expect(drain.drainDue()).resolves.toMatchObject({ kind: 'standing-still' });
  expect(locked).toBe(0);
});

test('what is rolled back at the last moment is not counted as applied', async () => {
  const fixture = await createRelayFixture();
  await fixture.bless();
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  const link = connectRedisLink(fixture.cache.url, DOMAIN, 'counting');
  disposeAtEnd('counting link', async () => link.close());
  await eventually(() => link.protocol.status(), { what: 'the drain is connected' });
  const drained: unknown[] = [];
  let failures = 1;
  const drain = new Drain({
    domain: DOMAIN,
    store: new PostgresOutboxStore(fixture.db),
    redis: link,
    faults: {
      async at(point) {
        if (point === 'before-commit' && failures-- > 0) throw new Error('the connection broke');
      },
    },
    metrics: { ...domainMetrics(DOMAIN), drained: (outcome) => drained.push(outcome) },
    clock: systemClock,
    random: Math.random,
  });
  await expect(drain.drainDue()).rejects.toThrow('the connection broke');
  expect(drained).toEqual([]);
  await drain.drainDue();
  expect(drained).toMatchObject([{ kind: 'drained', applied: [{ latencyMs: expect.any(Number) }] }]);
});
