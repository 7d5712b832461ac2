import { reconnect, type Version } from '@freshet/cache-core/protocol';
import { eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { blesserOn, blessFirst, linkOf, WAIT_MS } from '../../test/blesser-fixture.ts';
import { manualClock } from '../../test/manual-clock.ts';
import { createRelayFixture, DOMAIN, type RelayFixture } from '../../test/relay-fixture.ts';
import type { BlesserDependencies } from './blesser.ts';
import { PostgresBlessingStore } from './postgres-blessing-store.ts';

const HEAD = `{coherence:${DOMAIN}}:head`;
const key = (id: string): string => `user:profile:${id}`;

/** A domain under blessing 1 whose server has what was applied up to `appliedNo`, and has then been promoted. */
async function promoted(fixture: RelayFixture, prepare: () => Promise<void>): Promise<void> {
  await blessFirst(fixture);
  await prepare();
  await fixture.redis.replicaof('127.0.0.1', '1');
  await fixture.redis.replicaof('NO', 'ONE');
}

/** A change, and an entry from before it. */
async function change(fixture: RelayFixture, id: string): Promise<Version> {
  const { rows } = await fixture.db.query<{ version: string }>(
    `insert into profiles (id, name) values ($1, 'new') returning version`,
    [id],
  );
  const version = rows[0]?.version ?? '';
  await fixture.cacheEntry(key(id), String(BigInt(version) - 1n));
  await fixture.cacheEntry(`user:v2:profile:${id}`, String(BigInt(version) - 1n));
  expect(await fixture.redis.exists(key(id))).toBe(1);
  return version;
}

/** As a relay does, but nothing is dropped: whether the server has the DROP is for the test to say. */
async function mark({ db }: RelayFixture): Promise<Version> {
  const { rows } = await db.query<{ no: string }>(
    `update freshet.invalidation_outbox set applied_at = clock_timestamp(), applied_no = nextval('freshet.applied_no_seq')
     where applied_at is null returning applied_no as no`,
  );
  return (
    rows
      .map(({ no }) => no)
      .toSorted()
      .at(-1) ?? ''
  );
}

async function moveWatermark({ protocol }: RelayFixture, appliedNo: Version): Promise<void> {
  const { history, blessing, timeMs } = await protocol.status();
  expect(await protocol.watermark({ history, blessing, timeMs, appliedNo })).toBe(true);
}

async function bless(fixture: RelayFixture, options: Parameters<typeof blesserOn>[1] = {}) {
  const clock = manualClock();
  const watching = blesserOn(fixture, { ...options, clock }).watch();
  await eventually(() => clock.waiting() === 1, { what: 'the blesser waits' });
  clock.advance(WAIT_MS);
  return watching;
}

test('a server that was promoted keeps what it holds, but for the changes that it may have missed', async () => {
  const fixture = await createRelayFixture();
  await promoted(fixture, async () => {
    await fixture.cacheEntry(key('untouched'), '1');
    await change(fixture, 'seen');
    await moveWatermark(fixture, await mark(fixture));
    await fixture.cacheEntry(key('seen'), '1');
    await change(fixture, 'missed');
    await mark(fixture);
    await change(fixture, 'pending');
  });
  await expect(bless(fixture)).resolves.toMatchObject({ do: 'blessed', number: 2, l2: 'kept' });
  const { redis } = fixture;
  expect(await redis.mget(key('missed'), 'user:v2:profile:missed', key('pending'))).toEqual([
    null,
    null,
    null,
  ]);
  expect(await redis.exists(key('untouched'), key('seen'))).toBe(2);
  expect(await fixture.protocol.status()).toMatchObject({ blessed: true, blessing: 2, validFrom: 1 });
  const { rows } = await fixture.db.query<{ no: string }>(
    'select last_value as no from freshet.applied_no_seq',
  );
  expect((await fixture.protocol.status()).appliedNo).toBe(rows[0]?.no);
});

test('a missed invalidation of a whole entity is made up for', async () => {
  const fixture = await createRelayFixture();
  await promoted(fixture, async () => {
    await fixture.cacheEntry(key('1'), '900000000000000000');
    await moveWatermark(fixture, await currentNo(fixture));
    await fixture.db.query(`select freshet.invalidate('user', 'profile')`);
    await mark(fixture);
  });
  await expect(bless(fixture)).resolves.toMatchObject({ l2: 'kept' });
  expect(await fixture.redis.exists(key('1'))).toBe(0);
});

async function currentNo({ db }: RelayFixture): Promise<Version> {
  const { rows } = await db.query<{ no: string }>('select last_value as no from freshet.applied_no_seq');
  return rows[0]?.no ?? '';
}

const proofless: [why: string, spoil: (fixture: RelayFixture) => Promise<unknown>][] = [
  ['its appliedNo is missing', ({ redis }) => redis.hdel(HEAD, 'appliedNo')],
  ['its validFrom is missing', ({ redis }) => redis.hdel(HEAD, 'validFrom')],
  ['another Postgres wrote its head', ({ redis }) => redis.hset(HEAD, 'origin', '7000000000000000000:2')],
  [
    'rows that it may have missed were purged',
    ({ db }) =>
      db.query(
        'update freshet.purge set highest_applied_no = (select last_value + 1 from freshet.applied_no_seq)',
      ),
  ],
  [
    'it may have missed very much',
    ({ db }) =>
      db.query(`insert into freshet.invalidation_outbox (service, entity, id_parts, version, cause)
                select 'user', 'profile', array[n::text], 1, 'update' from generate_series(1, 20001) n`),
  ],
];

test.each(proofless)('all that a server holds is void when %s', async (_, spoil) => {
  const fixture = await createRelayFixture();
  await promoted(fixture, async () => {
    await moveWatermark(fixture, await currentNo(fixture));
    await spoil(fixture);
  });
  await expect(bless(fixture)).resolves.toMatchObject({ do: 'blessed', number: 2, l2: 'voided' });
  expect((await fixture.protocol.status()).validFrom).toBe(2);
});

test('all that a server holds is void when Postgres does not know of the blessing in its head', async () => {
  const fixture = await createRelayFixture();
  await promoted(fixture, async () => {
    await moveWatermark(fixture, await currentNo(fixture));
    // A copy of this Postgres took its place, and has come to the same timeline.
    await fixture.db.query('update freshet.blessing set number = 0');
  });
  await expect(bless(fixture)).resolves.toMatchObject({ do: 'blessed', l2: 'voided' });
});

test('all that a server holds is void when its connection was lost while changes were dropped again', async () => {
  const fixture = await createRelayFixture();
  await promoted(fixture, async () => {
    await moveWatermark(fixture, await currentNo(fixture));
    await change(fixture, 'pending');
  });
  const { protocol, scan } = linkOf(fixture);
  let reconnected = false;
  const redis: BlesserDependencies['redis'] = {
    scan,
    protocol: {
      get generation() {
        return protocol.generation;
      },
      status: () => protocol.status(),
      bless: (blessing) => protocol.bless(blessing),
      async dropMany(drops) {
        const answers = await protocol.dropMany(drops);
        const { generation } = protocol;
        reconnect(fixture.redis);
        await eventually(() => fixture.redis.status === 'ready' && protocol.generation > generation, {
          what: 'the connection was made anew',
        });
        reconnected = true;
        return answers;
      },
    },
  };
  await expect(bless(fixture, { redis })).resolves.toMatchObject({ do: 'blessed', l2: 'voided' });
  expect(reconnected).toBe(true);
});

test('a blessing is given up when another Postgres answers after the wait', async () => {
  const fixture = await createRelayFixture();
  await promoted(fixture, async () => {});
  const real = new PostgresBlessingStore(fixture.db);
  const store: BlesserDependencies['store'] = {
    read: (history) => real.read(history),
    record: (blessing) => real.record(blessing),
    snapshot: async (since) => ({ ...(await real.snapshot(since)), origin: '7000000000000000000:2' }),
    confirm: (number) => real.confirm(number),
    history: (limit) => real.history(limit),
  };
  await expect(bless(fixture, { store })).resolves.toEqual({
    do: 'given-up',
    why: 'another Postgres answers now',
  });
});
