import { installOutbox } from '@freshet/cache-core';
import { eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { createRelayFixture, DOMAIN, LIMITS } from '../../test/relay-fixture.ts';
import { PostgresOutboxStore } from './postgres-outbox-store.ts';

test('a Redis that was restarted empty is blessed again, and nothing is drained before', async () => {
  const fixture = await createRelayFixture();
  const { db, protocol } = fixture;
  const limits = { leaseMs: 100, maxStalenessMs: 1_500, strongTransactionMs: 100 };
  const { relay } = fixture.startRelay({ limits });
  await fixture.untilBlessed();
  await fixture.cache.restart();
  await eventually(async () => !(await protocol.status()).blessed, { what: 'the new server answers' });
  await db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await eventually(() => relay.state.standingStill, { what: 'the drain stands still' });
  expect(await fixture.pending()).toBe(1);

  expect(await fixture.untilBlessed()).toBe(2);
  await fixture.untilDrained();
  const { rows } = await db.query<{ waited: boolean; attempts: number; applied_later: boolean }>(
    `select extract(epoch from b.finished_at - b.recorded_at) * 1000 >= $1 as waited,
            o.attempts, o.applied_at > b.finished_at - interval '1 second' as applied_later
     from freshet.blessing b, freshet.invalidation_outbox o where b.number = 2`,
    [limits.maxStalenessMs],
  );
  expect(rows).toEqual([{ waited: true, attempts: 0, applied_later: true }]);
});

test('FLUSHALL is seen, and answered with a new blessing', async () => {
  const fixture = await createRelayFixture();
  fixture.startRelay();
  await fixture.untilBlessed();
  await fixture.redis.flushall();
  await eventually(async () => (await fixture.untilBlessed()) === 2, { what: 'the second blessing' });
  expect((await fixture.protocol.status()).blessing).toBe(2);
});

test('waits for a schema that is not there yet', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  await db.query('alter schema freshet rename to not_yet');
  const { relay } = fixture.startRelay({ timing: { reconnectMs: 20 } });
  await eventually(
    async () =>
      (
        await db.query(
          `select from pg_stat_activity where application_name = 'relay' and datname = current_database()`,
        )
      ).rowCount,
    { what: 'the relay has looked' },
  );
  expect(relay.state.phase).toBe('waiting-for-schema');
  await db.query('alter schema not_yet rename to freshet');
  await fixture.untilBlessed();
  expect(relay.state.phase).toBe('running');
});

test('waits for a schema that is older than it is', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  await db.query('alter table freshet.blessing drop column confirmed_at');
  const logged: string[] = [];
  const { relay } = fixture.startRelay({
    timing: { reconnectMs: 20 },
    onLog: (message) => logged.push(message),
  });
  await eventually(() => logged.find((message) => message.includes('the schema freshet is older')) ?? null, {
    what: 'the relay says what it waits for',
  });
  expect(relay.state.phase).toBe('waiting-for-schema');
  await installOutbox((text) => db.query(text), { domain: DOMAIN });
  await fixture.untilBlessed();
  expect(relay.state.phase).toBe('running');
});

test('touches nothing in the database of another domain', async () => {
  const fixture = await createRelayFixture();
  await fixture.db.query(`update freshet.domain set name = 'inventory'`);
  const logged: string[] = [];
  const { relay } = fixture.startRelay({
    timing: { reconnectMs: 20 },
    onLog: (message) => logged.push(message),
  });
  await eventually(
    () => logged.find((message) => message.includes('belongs to the domain inventory')) ?? null,
    {
      what: 'the mistake is logged',
    },
  );
  expect(relay.state.phase).toBe('waiting-for-schema');
  expect(await fixture.redis.exists(`{coherence:${DOMAIN}}:head`)).toBe(0);
});

test('a broken trigger is an alarm, at once and at every check', async () => {
  const fixture = await createRelayFixture();
  await fixture.db.query('alter table profiles disable trigger user');
  const logged: string[] = [];
  const { relay } = fixture.startRelay({
    timing: { upkeepMs: 20 },
    onLog: (message) => logged.push(message),
  });
  await eventually(() => logged.filter((message) => message.includes('go unseen')).length >= 2, {
    what: 'two alarms',
  });
  expect(relay.state.tables).toMatchObject([
    { table: 'public.profiles', problem: expect.stringContaining('disabled') },
  ]);
});

test('rows that have been failing for longer than a minute are an alarm, once', async () => {
  const fixture = await createRelayFixture();
  const logged: string[] = [];
  fixture.startRelay({
    timing: { depthMs: 5 },
    onLog: (message) => logged.push(message),
    faults: {
      async at(point) {
        if (point === 'before-drop') throw new Error('no luck');
      },
    },
  });
  await fixture.untilBlessed();
  await fixture.db.query(
    `insert into freshet.invalidation_outbox (service, entity, id_parts, version, cause, created_at)
     values ('user', 'profile', '{ann}', 1, 'update', clock_timestamp() - interval '61 seconds')`,
  );
  const alarms = () => logged.filter((message) => message.includes('failing for longer than a minute'));
  await eventually(() => alarms().length > 0, { what: 'the alarm' });
  await eventually(
    async () =>
      (await fixture.db.query('select from freshet.invalidation_outbox where attempts >= 3')).rowCount,
    { what: 'more attempts' },
  );
  expect(alarms()).toHaveLength(1);
});

test('an old row that failed once is no alarm: it has just begun to', async () => {
  const { db } = await createRelayFixture();
  await db.query(
    `insert into freshet.invalidation_outbox (service, entity, id_parts, version, cause, created_at, attempts)
     select 'user', 'profile', '{ann}', 1, 'update', clock_timestamp() - interval '1 hour', attempts
       from unnest(array[0, 1, 2, 3, 9]) as attempts`,
  );
  expect(await new PostgresOutboxStore(db).depth()).toMatchObject({ pending: 5, retryingForLong: 2 });
});

test('applied rows are purged after their time, and the highest purged number is kept', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  fixture.startRelay({ timing: { upkeepMs: 20, purgeAfterMs: 3_600_000 } });
  await fixture.untilBlessed();
  await db.query(`insert into profiles (id, name) select n::text, 'x' from generate_series(1, 30) n`);
  await fixture.untilDrained();
  const { rows: aged } = await db.query<{ highest: string }>(
    `with aged as (update freshet.invalidation_outbox set applied_at = applied_at - interval '2 hours'
                   where applied_no <= (select min(applied_no) + 19 from freshet.invalidation_outbox) returning applied_no)
     select max(applied_no) as highest from aged`,
  );
  await eventually(async () => (await db.query('select from freshet.invalidation_outbox')).rowCount === 10, {
    what: 'twenty rows are purged, ten stay',
  });
  const { rows } = await db.query('select highest_applied_no as highest from freshet.purge');
  expect(rows).toEqual(aged);
});

test('a schema version is forgotten a day after the last entry of it can have expired, and not before', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  await db.query(
    `insert into freshet.schema_version (service, entity, number, ttl_ms, last_used_at)
     select 'user', 'session', number, 3600000, clock_timestamp() - age
     from (values (1, interval '25 hours 1 minute'), (2, interval '24 hours 55 minutes'), (3, interval '0')) as used (number, age)`,
  );
  fixture.startRelay({ timing: { upkeepMs: 20 } });
  await eventually(
    async () => {
      const { rows } = await db.query(
        `select number from freshet.schema_version where entity = 'session' order by number`,
      );
      expect(rows).toEqual([{ number: 2 }, { number: 3 }]);
    },
    { what: 'the oldest is forgotten' },
  );
});

test('a superseded primary is left for its successor behind the same address', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  const { relay, redis } = fixture.startRelay({ timing: { reconnectMs: 20 } });
  await fixture.untilBlessed();
  const { generation } = redis.protocol;
  await db.query(
    `insert into freshet.blessing (number, history, origin, lease_ms, max_staleness_ms, strong_transaction_ms, recorded_by)
     values (2, 'the successor', 'x', $1, $2, $3, 'another relay')`,
    [LIMITS.leaseMs, LIMITS.maxStalenessMs, LIMITS.strongTransactionMs],
  );
  await eventually(() => relay.state.blessing?.do === 'stand-aside', { what: 'the relay stands aside' });
  await eventually(() => redis.protocol.generation > generation, { what: 'the relay connects anew' });
  await db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await fixture.cache.restart();
  await eventually(async () => (await fixture.protocol.status()).blessing >= 3, {
    what: 'the next server is blessed',
  });
  await fixture.untilDrained();
  expect(await fixture.logEntries()).toMatchObject([{ key: 'user:profile:ann' }]);
});
