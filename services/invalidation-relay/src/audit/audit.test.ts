import { eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { auditByHand } from '../../test/audit-by-hand.ts';
import { startProfileReplica } from '../../test/profile-replica.ts';
import { createRelayFixture, type RelayFixture } from '../../test/relay-fixture.ts';
import type { Faults } from '../faults/faults.ts';

const PRODUCTION = { leaseMs: 1_500, maxStalenessMs: 2_000, strongTransactionMs: 2_000 };

async function write({ db }: RelayFixture, id: string, name = 'x'): Promise<string> {
  const { rows } = await db.query<{ version: string }>(
    `insert into profiles (id, name) values ($1, $2)
     on conflict (id) do update set name = excluded.name returning version`,
    [id, name],
  );
  return rows[0]?.version ?? '';
}

async function open(options: { faults?: Faults; limits?: typeof PRODUCTION } = {}) {
  const fixture = await createRelayFixture();
  const domain = fixture.startRelay(options);
  await fixture.untilBlessed();
  return { fixture, domain, by: await auditByHand(fixture, domain) };
}

/** Until the watermark has passed this instant: what was committed before it is out of every cache's way. */
async function untilWatermarkPasses({ protocol }: RelayFixture): Promise<void> {
  const { timeMs } = await protocol.status();
  await eventually(async () => ((await protocol.status()).asOf ?? 0) > timeMs, {
    what: 'the watermark passes',
  });
}

test('what is as it should be is counted, and left as it was', async () => {
  const { fixture, by } = await open();
  const version = await write(fixture, 'ann');
  await fixture.untilDrained();
  await fixture.cacheEntry('user:profile:ann', version);
  await fixture.cacheEntry('user:v2:profile:ann', version);
  const before = await fixture.redis.pttl('user:profile:ann');
  await by.round();
  await by.roundAfterBound();
  expect(by.samples).toEqual(new Map([['l2 consistent', 4]]));
  expect(by.findings()).toEqual([]);
  expect(await fixture.redis.pttl('user:profile:ann')).toBeLessThanOrEqual(before);
  expect(await fixture.redis.get('user:profile:ann')).toContain(version);
});

test('an old value in L2 is found: where it is, since when, and what should have removed it', async () => {
  const { fixture, by } = await open();
  await write(fixture, 'ann');
  const version = await write(fixture, 'ann');
  const { rows } = await fixture.db.query<{ id: string }>(
    'select id from freshet.invalidation_outbox order by id',
  );
  await fixture.untilDrained();
  await fixture.cacheEntry('user:v2:profile:ann', '7');
  await by.round();
  await untilWatermarkPasses(fixture);
  await by.round();
  expect(by.findings(), 'perhaps its invalidation is under way').toEqual([]);
  await by.roundAfterBound();
  expect(by.findings()).toMatchObject([
    {
      domain: 'user',
      key: 'user:profile:ann',
      physicalKey: 'user:v2:profile:ann',
      layer: 'l2',
      replicaId: null,
      cachedVersion: '7',
      originVersion: version,
      event: `user-${rows[0]?.id}`,
      resolvedAt: null,
    },
  ]);
  expect(by.samples.get('l2 stale')).toBe(1);
  expect(by.logged).toEqual([expect.stringContaining('older than promised')]);
  expect(by.audit.gauges.findings).toEqual({ l1: 0, l2: 1 });

  by.clock.advance(5_000);
  await by.round();
  expect(by.findings(), 'still the same one').toMatchObject([{ resolvedAt: null }]);
  await fixture.redis.del('user:v2:profile:ann');
  by.clock.advance(5_000);
  await by.round();
  expect(by.findings()).toMatchObject([{ resolvedAt: expect.any(String) }]);
  expect(by.audit.gauges.findings).toEqual({ l1: 0, l2: 0 });
});

test('a value is not found while the relay is late: nobody who goes by the watermark gets it', async () => {
  const stuck = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  let armed = false;
  const { fixture, by } = await open({
    faults: {
      async at(point) {
        if (!armed || point !== 'before-drop') return;
        reached.resolve();
        await stuck.promise;
      },
    },
  });
  const version = await write(fixture, 'ann');
  await fixture.untilDrained();
  await fixture.cacheEntry('user:profile:ann', version);
  armed = true;
  await write(fixture, 'ann', 'Ann');
  await reached.promise;
  await by.round();
  by.clock.advance(10_000);
  await by.round();
  expect(by.findings()).toEqual([]);
  expect(by.samples.get('l2 in-flight'), 'it cannot be said yet').toBeUndefined();
  stuck.resolve();
  await fixture.untilDrained();
  await by.round();
  expect(by.findings()).toEqual([]);
  expect(by.samples.get('l2 in-flight')).toBe(1);
});

test('a key that changes all the time is compared with what it was before, not with what it is by then', async () => {
  const { fixture, by } = await open();
  const old = await write(fixture, 'hot');
  const seen = await write(fixture, 'hot');
  await fixture.untilDrained();
  await fixture.cacheEntry('user:profile:hot', old);
  await by.round();
  // It was replaced in time; and the row has changed again just now.
  await fixture.cacheEntry('user:profile:hot', seen);
  await write(fixture, 'hot');
  await fixture.untilDrained();
  await fixture.cacheEntry('user:profile:hot', seen);
  await untilWatermarkPasses(fixture);
  await by.roundAfterBound();
  expect(by.findings()).toEqual([]);
  expect(by.samples.get('l2 in-flight')).toBe(1);
});

test('a value of a row that was deleted is found', async () => {
  const { fixture, by } = await open();
  const version = await write(fixture, 'gone');
  await fixture.db.query(`delete from profiles where id = 'gone'`);
  await fixture.untilDrained();
  const { rows } = await fixture.db.query<{ id: string }>(
    `select id from freshet.invalidation_outbox where cause = 'delete'`,
  );
  await fixture.cacheEntry('user:profile:gone', version);
  await by.round();
  await untilWatermarkPasses(fixture);
  await by.roundAfterBound();
  expect(by.findings()).toMatchObject([
    { key: 'user:profile:gone', originVersion: null, event: `user-${rows[0]?.id}` },
  ]);
});

test('a value of a version that Postgres never had is found: no invalidation would remove it', async () => {
  const { fixture, by } = await open();
  await write(fixture, 'ann');
  await fixture.untilDrained();
  await fixture.cacheEntry('user:profile:ann', '9000000000000000000');
  await by.round();
  await untilWatermarkPasses(fixture);
  await by.roundAfterBound();
  expect(by.findings()).toMatchObject([{ key: 'user:profile:ann', cachedVersion: '9000000000000000000' }]);
});

test('a cached ‘not found’ is found where it outlived an invalidation, and left alone where it came after', async () => {
  const { fixture, by } = await open();
  const notFound = (at: number) => `{"v":"0","b":1,"at":${at},"ttl":30000,"cost":1,"d":null}`;
  // As the policy of an entity does that hides some rows: it was loaded after the row was there.
  await write(fixture, 'hidden');
  await fixture.untilDrained();
  await fixture.redis.set('user:profile:hidden', notFound(Date.now()), 'PX', 30_000);
  // And this one is older than the row, though nothing says so but its expiry.
  await write(fixture, 'late');
  await fixture.untilDrained();
  await fixture.redis.set('user:profile:late', notFound(Date.now()), 'PX', 10_000);
  await by.round();
  await untilWatermarkPasses(fixture);
  by.clock.advance(10_000);
  await by.round();
  expect(by.findings()).toMatchObject([{ key: 'user:profile:late', cachedVersion: '0' }]);
  expect(by.samples.get('l2 unversioned')).toBe(2);
});

test('what no reader gets is no sample: void, fenced, being filled, unreadable', async () => {
  const { fixture, by } = await open();
  for (const id of ['void', 'fenced', 'filling', 'unreadable']) await write(fixture, id);
  await fixture.untilDrained();
  await fixture.redis.set('user:profile:void', '{"v":"7","b":0,"at":1,"ttl":1,"cost":1,"d":1}', 'PX', 60_000);
  await fixture.protocol.fence('user:profile:fenced', 'token', 60_000);
  await fixture.protocol.lease('user:profile:filling', 'token', 0, 60_000);
  await fixture.redis.set('user:profile:unreadable', 'x', 'PX', 60_000);
  await by.round();
  await untilWatermarkPasses(fixture);
  await by.roundAfterBound();
  expect(by.samples).toEqual(new Map());
});

test('an old value in one replica’s memory is found, and whose it is', async () => {
  const { fixture, by } = await open({ limits: PRODUCTION });
  const version = await write(fixture, 'ann');
  await write(fixture, 'bob');
  await fixture.untilDrained();
  // From here on nobody names the key but the memory that holds it.
  await by.round();
  const lying = await startProfileReplica(fixture, {
    instance: 'user-service-2',
    policy: { load: async (id) => ({ value: { id: String(id), name: 'old' }, version: '7' }) },
  });
  const honest = await startProfileReplica(fixture);
  await lying.profiles.get('ann');
  await fixture.redis.del('user:profile:ann');
  await honest.profiles.get('bob');
  const before = [lying.cache.stats(), honest.cache.stats()];

  await by.round();
  await untilWatermarkPasses(fixture);
  await by.roundAfterBound();
  expect(by.findings()).toMatchObject([
    {
      key: 'user:profile:ann',
      layer: 'l1',
      physicalKey: null,
      replicaId: lying.cache.state().replicaId,
      instance: 'user-service-2',
      cachedVersion: '7',
      originVersion: version,
    },
  ]);
  expect(by.samples.get('l1 consistent')).toBeGreaterThan(0);
  expect([lying.cache.stats(), honest.cache.stats()], 'nothing is read, counted or loaded').toEqual(before);
});

test('a finding that becomes due during a round, which did not look at it, stays open', async () => {
  const { fixture, domain } = await open({ limits: PRODUCTION });
  const { inspection } = domain;
  let meanwhile = (): void => {};
  const by = await auditByHand(fixture, {
    ...domain,
    inspection: {
      ...inspection,
      // Without a sample: the value is looked at for its finding or not at all.
      async askReplicas({ keys = [] }) {
        meanwhile();
        return inspection.askReplicas({ keys });
      },
    },
  });
  await write(fixture, 'ann');
  await fixture.untilDrained();
  const { profiles } = await startProfileReplica(fixture, {
    policy: { load: async (id) => ({ value: { id: String(id), name: 'old' }, version: '7' }) },
  });
  await profiles.get('ann');
  await fixture.redis.del('user:profile:ann');
  await by.round();
  await by.roundAfterBound();
  expect(by.findings()).toMatchObject([{ layer: 'l1', resolvedAt: null }]);
  by.clock.advance(4_999);
  meanwhile = () => by.clock.advance(2);
  await by.round();
  expect(by.findings()).toMatchObject([{ layer: 'l1', resolvedAt: null }]);
});

test('what was invalidated before a round that failed is looked at by the next', async () => {
  const { fixture, domain } = await open();
  const { inspection } = domain;
  const asked: unknown[] = [];
  let fails = true;
  const by = await auditByHand(fixture, {
    ...domain,
    inspection: {
      ...inspection,
      async askReplicas(question) {
        if (fails) throw new Error('no connection');
        asked.push(question.keys);
        return inspection.askReplicas(question);
      },
    },
  });
  await write(fixture, 'ann');
  await fixture.untilDrained();
  await expect(by.round()).rejects.toThrow('no connection');
  fails = false;
  await by.round();
  expect(asked).toEqual([['user:profile:ann']]);
  await by.round();
  expect(asked[1], 'and by no other').toEqual([]);
});

test('what a replica holds without proof is not held against it', async () => {
  const { fixture, domain, by } = await open({ limits: PRODUCTION });
  await write(fixture, 'ann');
  await fixture.untilDrained();
  const { cache, profiles } = await startProfileReplica(fixture, {
    policy: { load: async (id) => ({ value: { id: String(id), name: 'old' }, version: '7' }) },
  });
  await profiles.get('ann');
  await fixture.redis.del('user:profile:ann');
  await by.round();
  // Nobody moves the watermark: the replica knows, and answers from its memory no more.
  await domain.relay.stop();
  await eventually(() => cache.state().mode === 'degraded', { what: 'its lease has run out' });
  const second = fixture.startRelay({ name: 'second', timing: { tickMs: 600_000 } });
  const again = await auditByHand(fixture, second);
  await eventually(
    () =>
      again
        .round()
        .then(() => true)
        .catch(() => false),
    { what: 'it looks' },
  );
  again.clock.advance(10_000);
  await again.round();
  expect(again.findings()).toEqual([]);
  expect(again.samples.get('l1 stale')).toBeUndefined();
});

test('keys without an expiry, with a wrong one, or of no known schema are listed', async () => {
  const { fixture, by } = await open();
  const version = await write(fixture, 'ann');
  await fixture.untilDrained();
  for (const id of ['ann', 'lasting', 'long', 'short'])
    await fixture.cacheEntry(`user:profile:${id}`, version);
  await fixture.redis.persist('user:profile:lasting');
  await fixture.redis.pexpire('user:profile:long', 86_400_000);
  await fixture.redis.pexpire('user:profile:short', 60_000);
  await fixture.redis.set('user:v3:profile:ann', 'x', 'PX', 60_000);
  await fixture.redis.set('user:nothing', 'x', 'PX', 60_000);
  await fixture.redis.set('user:profile:garbage', 'x', 'PX', 60_000);
  await fixture.redis.set('inventory:stock:1', 'x');
  await fixture.protocol.fence('user:profile:fenced', 'token', 60_000);
  expect(by.audit.content.ttlScan).toMatchObject({ scannedAt: null });
  await by.round();
  const { ttlScan } = by.audit.content;
  expect({
    ...ttlScan,
    wrongTtl: ttlScan.wrongTtl.toSorted(),
    unknownSchema: ttlScan.unknownSchema.toSorted(),
  }).toEqual({
    scannedAt: expect.any(String),
    keys: 8,
    withoutTtl: ['user:profile:lasting'],
    wrongTtl: ['user:profile:long', 'user:profile:short'],
    unknownSchema: ['user:nothing', 'user:profile:garbage', 'user:v3:profile:ann'],
  });
  expect(by.audit.gauges.keysWithoutTtl).toBe(1);
});

test('every key comes to its turn, however many are invalidated meanwhile', async () => {
  const { fixture, domain } = await open();
  const by = await auditByHand(fixture, domain, { keysPerRound: 20 });
  await fixture.db.query(
    `insert into profiles (id, name) select n::text, 'x' from generate_series(1, 300) n`,
  );
  const old = '7';
  await fixture.untilDrained();
  await fixture.cacheEntry('user:profile:17', old);
  for (let n = 100; n < 300; n++) await fixture.cacheEntry(`user:profile:${n}`, '9000000000000000000');
  await by.round();
  for (let rounds = 0; rounds < 60 && !by.findings().some(({ key }) => key === 'user:profile:17'); rounds++) {
    await fixture.db.query(`update profiles set name = 'y' where id::int between 200 and 250`);
    await untilWatermarkPasses(fixture);
    by.clock.advance(3_000);
    await by.round();
  }
  expect(by.findings().map(({ key }) => key)).toContain('user:profile:17');
});
