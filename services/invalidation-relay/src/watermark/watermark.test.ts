import { eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { createRelayFixture, type RelayFixture } from '../../test/relay-fixture.ts';
import type { OutboxStore } from '../domain/outbox-store.ts';
import { PostgresOutboxStore } from '../domain/postgres-outbox-store.ts';
import { noFaults } from '../faults/faults.ts';
import { Watermark } from './watermark.ts';

/** A watermark of the test's own, ticked by hand, beside a relay whose clockwork for it is off. */
async function setUp(options: { drains: boolean }) {
  const fixture = await createRelayFixture();
  await fixture.bless();
  const held = Promise.withResolvers<void>();
  const logged: string[] = [];
  const { relay } = fixture.startRelay({
    onLog: (message) => logged.push(message),
    timing: { tickMs: 3_600_000, blessingWatchMs: 3_600_000 },
    faults: {
      // A relay that was stopped in the middle of a batch: its rows are locked and neither applied nor not.
      at: (point) => (point === 'after-append' && !options.drains ? held.promise : Promise.resolve()),
    },
  });
  // Its clockwork ticks once when it starts: late, that would move the watermark in the middle of a test. It fails, and says so,
  // when Redis is not connected yet.
  await eventually(
    () => relay.state.watermarkAgeMs !== null || logged.some((message) => message.startsWith('watermark:')),
    { what: "the relay's own first tick is over" },
  );
  const store = new PostgresOutboxStore(fixture.db);
  return { fixture, store, release: held.resolve };
}

function watermarkOf(fixture: RelayFixture, store: Pick<OutboxStore, 'snapshot' | 'progress'>) {
  return new Watermark({ store, protocol: fixture.protocol, faults: noFaults });
}

test('moves to the instant of the tick when nothing is pending', async () => {
  const { fixture, store } = await setUp({ drains: true });
  const before = (await fixture.protocol.status()).timeMs;
  expect(await watermarkOf(fixture, store).tick()).toMatchObject({ kind: 'moved' });
  expect((await fixture.protocol.status()).asOf).toBeGreaterThanOrEqual(before);
});

test('waits for a row that another, stopped relay holds', async () => {
  const { fixture, store, release } = await setUp({ drains: false });
  const watermark = watermarkOf(fixture, store);
  const asOf = (await fixture.protocol.status()).asOf;
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  const committed = (await fixture.protocol.status()).timeMs;
  await eventually(async () => (await fixture.logEntries()).length === 1, {
    what: 'the relay holds the row',
  });

  for (let tick = 0; tick < 5; tick++) expect(await watermark.tick()).toMatchObject({ kind: 'waiting' });
  expect((await fixture.protocol.status()).asOf).toBe(asOf);

  release();
  await fixture.untilDrained();
  expect(await watermark.tick()).toMatchObject({ kind: 'moved' });
  expect((await fixture.protocol.status()).asOf).toBeGreaterThanOrEqual(committed);
});

test('rows that come later do not hold an earlier instant back', async () => {
  const { fixture, store, release } = await setUp({ drains: false });
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  const watermark = watermarkOf(fixture, store);
  expect(await watermark.tick()).toMatchObject({ kind: 'waiting' });
  const between = (await fixture.protocol.status()).timeMs;
  release();
  await fixture.untilDrained();
  // Pending, and above the highest that the first tick saw.
  await fixture.db.query(
    `insert into freshet.invalidation_outbox (service, entity, id_parts, version, cause, next_attempt_at)
     values ('user', 'profile', array['bob'], 1, 'manual', clock_timestamp() + interval '1 hour')`,
  );
  expect(await watermark.tick()).toMatchObject({ kind: 'moved' });
  // To the instant of the first tick: after it nobody has looked for what is pending.
  expect((await fixture.protocol.status()).asOf).toBeLessThanOrEqual(between);
  expect(await watermark.tick()).toMatchObject({ kind: 'waiting' });
});

test('the instant lies before the snapshot: a commit between the two is waited for', async () => {
  const { fixture, store, release } = await setUp({ drains: false });
  const watermark = new Watermark({
    store,
    faults: noFaults,
    protocol: {
      watermark: (mark) => fixture.protocol.watermark(mark),
      async status() {
        const status = await fixture.protocol.status();
        await fixture.db.query(
          `insert into profiles (id, name) values ('ann', 'Ann') on conflict do nothing`,
        );
        return status;
      },
    },
  });
  expect(await watermark.tick()).toMatchObject({ kind: 'waiting' });
  release();
});

test('is refused when a blessing was recorded between the two looks', async () => {
  const { fixture, store } = await setUp({ drains: true });
  const asOf = (await fixture.protocol.status()).asOf;
  const watermark = watermarkOf(fixture, {
    async snapshot() {
      const snapshot = await store.snapshot();
      await recordForeignBlessing(fixture);
      return snapshot;
    },
    progress: (id) => store.progress(id),
  });
  expect(await watermark.tick()).toMatchObject({ kind: 'refused' });
  expect((await fixture.protocol.status()).asOf).toBe(asOf);
});

test('is refused when the server is not under the newest blessing', async () => {
  const { fixture, store } = await setUp({ drains: true });
  await recordForeignBlessing(fixture);
  expect(await watermarkOf(fixture, store).tick()).toMatchObject({ kind: 'refused' });
});

test('is refused when the first look already shows another blessing', async () => {
  const { fixture, store } = await setUp({ drains: true });
  const watermark = watermarkOf(fixture, {
    snapshot: async () => ({ ...(await store.snapshot()), newestBlessing: 1_000 }),
    progress: (id) => store.progress(id),
  });
  expect(await watermark.tick()).toMatchObject({ kind: 'refused' });
});

test('is refused when another Postgres answers than the one that this server was blessed for', async () => {
  const { fixture, store } = await setUp({ drains: true });
  const watermark = watermarkOf(fixture, {
    snapshot: async () => ({ ...(await store.snapshot()), origin: '7000000000000000000:2' }),
    progress: (id) => store.progress(id),
  });
  expect(await watermark.tick()).toMatchObject({ kind: 'refused' });
});

test('an unblessed server gets none', async () => {
  const { fixture, store } = await setUp({ drains: true });
  await fixture.redis.del('{coherence:user}:head');
  expect(await watermarkOf(fixture, store).tick()).toEqual({ kind: 'unblessed' });
});

test('an instant of one server is forgotten when another answers', async () => {
  const { fixture, store, release } = await setUp({ drains: false });
  const watermark = watermarkOf(fixture, store);
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  expect(await watermark.tick()).toMatchObject({ kind: 'waiting' });
  await fixture.cache.restart();
  await eventually(async () => (await fixture.protocol.status()).primary, {
    what: 'the empty server answers',
  });
  expect(await watermark.tick()).toEqual({ kind: 'unblessed' });
  release();
});

test('names the numbers that were drawn before the second look, not after it', async () => {
  const { fixture, store } = await setUp({ drains: true });
  const { appliedNo } = await store.snapshot();
  const watermark = watermarkOf(fixture, {
    snapshot: () => store.snapshot(),
    async progress(id) {
      await fixture.db.query(`select nextval('freshet.applied_no_seq')`);
      return store.progress(id);
    },
  });
  expect(await watermark.tick()).toMatchObject({ kind: 'moved' });
  expect((await fixture.protocol.status()).appliedNo).toBe(appliedNo);
});

async function recordForeignBlessing({ db }: RelayFixture): Promise<void> {
  await db.query(
    `insert into freshet.blessing (number, history, origin, lease_ms, max_staleness_ms, strong_transaction_ms, recorded_by)
     values (1000, 'another server', 'x', 1, 1, 1, 'another relay')`,
  );
}
