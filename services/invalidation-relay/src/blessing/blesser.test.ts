import { connectRedis } from '@freshet/cache-core';
import { type Protocol, redisProtocol, withDrift } from '@freshet/cache-core/protocol';
import { disposeAtEnd, eventually, startRedis } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { blesserOn, blessFirst, linkOf, WAIT_MS } from '../../test/blesser-fixture.ts';
import { manualClock } from '../../test/manual-clock.ts';
import { createRelayFixture, DOMAIN, type RelayFixture } from '../../test/relay-fixture.ts';
import { ABANDONED_AFTER_MS, CONFIRM_EVERY_MS, UNFINISHED_MARGIN_MS } from './blessing-decision.ts';
import { BLESSING_LOCK, PostgresBlessingStore } from './postgres-blessing-store.ts';

async function recorded(fixture: RelayFixture) {
  const { rows } = await fixture.db.query<{ number: number; recordedBy: string; finished: boolean }>(
    `select number::int, recorded_by as "recordedBy", finished_at is not null as finished from freshet.blessing order by number`,
  );
  return rows;
}

async function recordForeign({ db }: RelayFixture, number: number): Promise<void> {
  await db.query(
    `insert into freshet.blessing (number, history, origin, lease_ms, max_staleness_ms, strong_transaction_ms, recorded_by)
     values ($1, 'another server', 'x', 1, 1, 1, 'another relay')`,
    [number],
  );
}

async function unconfirmedFor({ db }: RelayFixture, ms: number): Promise<void> {
  await db.query("update freshet.blessing set confirmed_at = clock_timestamp() - $1 * interval '1 ms'", [ms]);
}

async function otherRedis(): Promise<{ protocol: Protocol; redis: ReturnType<typeof connectRedis> }> {
  const server = await startRedis();
  const redis = connectRedis(server.url, { commandTimeoutMs: 5_000 });
  disposeAtEnd('second Redis connection', async () => redis.disconnect());
  await eventually(() => redis.status === 'ready', { what: 'the second Redis is there' });
  return { protocol: redisProtocol(redis, DOMAIN), redis };
}

test('the first blessing of a domain waits for nobody', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  expect(await recorded(fixture)).toEqual([{ number: 1, recordedBy: 'relay-a', finished: true }]);
  expect(await fixture.protocol.status()).toMatchObject({ blessed: true, blessing: 1 });
  await expect(blesserOn(fixture).watch()).resolves.toEqual({ do: 'nothing' });
});

test('a restarted, empty Redis is blessed only after everybody who lived on the old one’s word is gone', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await fixture.cache.restart();
  await eventually(() => fixture.protocol.status(), { what: 'the new server answers' });

  const clock = manualClock();
  const watching = blesserOn(fixture, { clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  expect(await recorded(fixture), 'recorded before the wait').toMatchObject([
    {},
    { number: 2, finished: false },
  ]);
  clock.advance(WAIT_MS - 1);
  expect(clock.waiting()).toBe(1);
  expect(await fixture.protocol.status()).toMatchObject({ blessed: false });
  clock.advance(1);
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: 2 });
  expect(await fixture.redis.hget(`{coherence:${DOMAIN}}:head`, 'validFrom')).toBe('2');
});

test('the wait covers the limits of the blessing before, when they were longer', async () => {
  const fixture = await createRelayFixture();
  const longer = { leaseMs: 1_000, maxStalenessMs: 60_000, strongTransactionMs: 70_000 };
  await blesserOn(fixture, { limits: longer }).watch();
  await fixture.redis.flushall();
  const clock = manualClock();
  const watching = blesserOn(fixture, { clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  clock.advance(withDrift(70_000) - 1);
  expect(clock.waiting()).toBe(1);
  clock.advance(1);
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: 2 });
});

test('two relays at once: one blesses, the other leaves it alone', async () => {
  const fixture = await createRelayFixture();
  const outcomes = await Promise.all([
    blesserOn(fixture, { self: 'relay-a' }).watch(),
    blesserOn(fixture, { self: 'relay-b' }).watch(),
  ]);
  expect(outcomes.map((outcome) => outcome.do)).toContain('blessed');
  expect(await recorded(fixture)).toHaveLength(1);
});

test('relays record one after the other', async () => {
  const fixture = await createRelayFixture();
  const other = await fixture.db.connect();
  const waiting = async () =>
    (
      await other.query(
        `select from pg_locks join pg_database on pg_database.oid = database
         where locktype = 'advisory' and not granted and datname = current_database()`,
      )
    ).rowCount;
  await other.query('begin');
  await other.query('select pg_advisory_xact_lock($1)', [BLESSING_LOCK]);
  const watching = blesserOn(fixture).watch();
  await eventually(waiting, { what: 'the blesser waits for its turn' });
  expect(await recorded(fixture)).toEqual([]);
  await other.query('commit');
  other.release();
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: 1 });
});

test('a relay that decided on an older state records nothing', async () => {
  const fixture = await createRelayFixture();
  const store = new PostgresBlessingStore(fixture.db);
  const slow = blesserOn(fixture, {
    store: {
      read: (history) => store.read(history),
      async record(blessing) {
        await recordForeign(fixture, 1);
        return store.record(blessing);
      },
      snapshot: (since) => store.snapshot(since),
      confirm: (number) => store.confirm(number),
      history: (limit) => store.history(limit),
    },
  });
  await expect(slow.watch()).resolves.toMatchObject({ do: 'given-up' });
  expect(await recorded(fixture)).toMatchObject([{ recordedBy: 'another relay' }]);
});

test('a relay that saw Redis before, and Postgres after another’s blessing, does not bless a second time', async () => {
  const fixture = await createRelayFixture();
  const store = new PostgresBlessingStore(fixture.db);
  const slow = blesserOn(fixture, {
    self: 'relay-b',
    store: {
      read: async (history) => {
        await blessFirst(fixture);
        return store.read(history);
      },
      record: (blessing) => store.record(blessing),
      snapshot: (since) => store.snapshot(since),
      confirm: (number) => store.confirm(number),
      history: (limit) => store.history(limit),
    },
  });
  await expect(slow.watch()).resolves.toMatchObject({ do: 'given-up' });
  expect(await recorded(fixture)).toHaveLength(1);
});

test('a superseded primary is left, not blessed again, not even when it is empty', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  const successor = await otherRedis();
  const clock = manualClock();
  const watching = blesserOn(fixture, { redis: linkOf(successor), clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the successor is recorded' });

  await expect(blesserOn(fixture, { self: 'relay-b' }).watch()).resolves.toMatchObject({ do: 'stand-aside' });
  clock.advance(WAIT_MS);
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: 2 });
  await fixture.redis.flushall();
  await expect(blesserOn(fixture, { self: 'relay-b' }).watch()).resolves.toMatchObject({ do: 'stand-aside' });
  expect(await recorded(fixture)).toHaveLength(2);
});

test('a superseded primary speaks again once nobody has seen its successor do so for a while', async () => {
  // Two failovers, one after the other: the older of the two new primaries was recorded last, and is gone.
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await recordForeign(fixture, 2);
  await fixture.db.query(
    `update freshet.blessing set recorded_at = recorded_at - interval '1 hour',
       origin = (select origin from freshet.blessing where number = 1)`,
  );
  await expect(blesserOn(fixture).watch()).resolves.toMatchObject({ do: 'stand-aside' });
  await unconfirmedFor(fixture, ABANDONED_AFTER_MS);

  const clock = manualClock();
  const watching = blesserOn(fixture, { clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'whoever lived under blessing 2 is waited for' });
  clock.advance(WAIT_MS);
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: 3 });
});

test('the relays of the server that speaks write down, now and then, that it still does', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await expect(blesserOn(fixture).watch()).resolves.toEqual({ do: 'nothing' });
  await unconfirmedFor(fixture, CONFIRM_EVERY_MS);
  await expect(blesserOn(fixture).watch()).resolves.toEqual({ do: 'confirm', number: 1 });
  await expect(blesserOn(fixture).watch()).resolves.toEqual({ do: 'nothing' });
});

test('a replica is never blessed', async () => {
  const fixture = await createRelayFixture();
  await fixture.redis.replicaof('127.0.0.1', '1');
  await expect(blesserOn(fixture).watch()).resolves.toMatchObject({ do: 'stand-aside' });
  expect(await recorded(fixture)).toEqual([]);
});

test('another relay’s unfinished blessing is left alone until it has had time enough', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await fixture.redis.flushall();
  const dead = manualClock();
  void blesserOn(fixture, { self: 'relay-a', clock: dead }).watch();
  await eventually(() => dead.waiting() === 1, { what: 'relay-a has recorded, and does no more' });

  const other = blesserOn(fixture, { self: 'relay-b' });
  await expect(other.watch()).resolves.toEqual({ do: 'leave-alone', number: 2 });
  await fixture.db.query(
    `update freshet.blessing set recorded_at = clock_timestamp() - make_interval(secs => $1 / 1000.0) where number = 2`,
    [WAIT_MS + UNFINISHED_MARGIN_MS + 1],
  );
  const clock = manualClock();
  const taking = blesserOn(fixture, { self: 'relay-b', clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'relay-b waits in turn' });
  clock.advance(WAIT_MS);
  await expect(taking).resolves.toMatchObject({ do: 'blessed', number: 3 });
});

test('is given up when a newer blessing was recorded during the wait', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await fixture.redis.flushall();
  const clock = manualClock();
  const watching = blesserOn(fixture, { clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  await recordForeign(fixture, 3);
  clock.advance(WAIT_MS);
  await expect(watching).resolves.toMatchObject({ do: 'given-up' });
  expect(await fixture.protocol.status()).toMatchObject({ blessed: false });
});

test('is given up when another server answers after the wait', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await fixture.redis.flushall();
  const clock = manualClock();
  const watching = blesserOn(fixture, { clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  await fixture.cache.restart();
  await eventually(() => fixture.protocol.status(), { what: 'the new server answers' });
  clock.advance(WAIT_MS);
  await expect(watching).resolves.toEqual({ do: 'given-up', why: 'another Redis answers now' });
  expect(await fixture.protocol.status()).toMatchObject({ blessed: false });
});

test('is given up when the server changes after the last look at it', async () => {
  const fixture = await createRelayFixture();
  const blesser = blesserOn(fixture, {
    faults: {
      async at(point) {
        if (point !== 'before-bless') return;
        await fixture.cache.restart();
        await eventually(() => fixture.protocol.status(), { what: 'the new server answers' });
      },
    },
  });
  await expect(blesser.watch()).resolves.toMatchObject({ do: 'given-up' });
  expect(await fixture.protocol.status()).toMatchObject({ blessed: false });
});

test('the watermark of a new blessing is an instant before its snapshot', async () => {
  const fixture = await createRelayFixture();
  const store = new PostgresBlessingStore(fixture.db);
  let snapshotMs = 0;
  const blesser = blesserOn(fixture, {
    store: {
      read: (history) => store.read(history),
      record: (blessing) => store.record(blessing),
      async snapshot(since) {
        snapshotMs = (await fixture.protocol.status()).timeMs;
        // Redis's clock is past this instant when the snapshot is taken.
        await eventually(async () => (await fixture.protocol.status()).timeMs > snapshotMs, {
          what: 'time passes',
        });
        return store.snapshot(since);
      },
      confirm: (number) => store.confirm(number),
      history: (limit) => store.history(limit),
    },
  });
  await expect(blesser.watch()).resolves.toMatchObject({ do: 'blessed' });
  const { asOf } = await fixture.protocol.status();
  expect(asOf).toBeGreaterThan(0);
  expect(asOf).toBeLessThanOrEqual(snapshotMs);
});

test('a Postgres that failed over is another origin: the domain is blessed anew', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await fixture.redis.hset(`{coherence:${DOMAIN}}:head`, { origin: '7000000000000000000:2' });
  const clock = manualClock();
  const watching = blesserOn(fixture, { clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  clock.advance(WAIT_MS);
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: 2 });
});

test('a head of another Postgres is blessed anew, with a higher number than both know', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await fixture.redis.hset(`{coherence:${DOMAIN}}:head`, { origin: '1:1', blessing: '7' });
  const clock = manualClock();
  const watching = blesserOn(fixture, { clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  clock.advance(WAIT_MS);
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: 8 });
  const { rows } = await fixture.db.query<{ identifier: string }>(
    'select system_identifier::text as identifier from pg_control_system()',
  );
  expect((await fixture.protocol.status()).origin).toMatch(
    new RegExp(`^${rows[0]?.identifier}:1:\\d+:\\d+$`),
  );
});

test('a Postgres that has lost its blessings is no first one: the wait is kept, and no number is given twice', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await fixture.db.query('truncate freshet.blessing');
  const clock = manualClock();
  const watching = blesserOn(fixture, { clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  clock.advance(WAIT_MS);
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: expect.toSatisfy(isByTheClock) });
});

test('a Postgres that lost the newest blessings gives none of their numbers again', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  // As in a copy of another server that was promoted: it knows the blessings of that one, as many as it has copied.
  const copied = '7000000000000000000:1';
  await fixture.db.query('update freshet.blessing set origin = $1', [copied]);
  await fixture.redis.hset(`{coherence:${DOMAIN}}:head`, { origin: copied });
  const clock = manualClock();
  const watching = blesserOn(fixture, { clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  clock.advance(WAIT_MS);
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: expect.toSatisfy(isByTheClock) });
});

test('a relay that met a blessing which Postgres and Redis have both lost does not give its number again', async () => {
  const fixture = await createRelayFixture();
  const clock = manualClock();
  const blesser = blesserOn(fixture, { clock });
  await expect(blesser.watch()).resolves.toMatchObject({ do: 'blessed', number: 1 });
  await fixture.db.query('truncate freshet.blessing');
  await fixture.redis.flushall();
  const watching = blesser.watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  clock.advance(WAIT_MS);
  await expect(watching).resolves.toMatchObject({ do: 'blessed', number: expect.toSatisfy(isByTheClock) });
});

/** In milliseconds since 1970: no blessing that was lost had a number as high. */
function isByTheClock(number: number): boolean {
  return Math.abs(number - Date.now()) < 60_000;
}

test('a blessing that took effect and was not written down as finished is finished by any relay', async () => {
  const fixture = await createRelayFixture();
  const crashing = blesserOn(fixture, {
    faults: {
      async at(point) {
        if (point === 'after-bless') throw new Error('crash');
      },
    },
  });
  await expect(crashing.watch()).rejects.toThrow('crash');
  await expect(blesserOn(fixture, { self: 'relay-b' }).watch()).resolves.toEqual({
    do: 'confirm',
    number: 1,
  });
  expect(await recorded(fixture)).toMatchObject([{ finished: true }]);
});

test('a relay that stops in the wait blesses nothing', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await fixture.redis.flushall();
  const clock = manualClock();
  const blesser = blesserOn(fixture, { clock });
  const watching = blesser.watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  blesser.stop();
  await expect(watching).resolves.toMatchObject({ do: 'given-up' });
  expect(await fixture.protocol.status()).toMatchObject({ blessed: false });
});

test('a stop that comes before the wait has begun ends it too', async () => {
  const fixture = await createRelayFixture();
  await blessFirst(fixture);
  await fixture.redis.flushall();
  const blesser = blesserOn(fixture, {
    faults: {
      async at(point) {
        if (point === 'after-record-blessing') blesser.stop();
      },
    },
  });
  await expect(blesser.watch()).resolves.toMatchObject({ do: 'given-up' });
});
