import { eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import type { InvalidationDetail } from '../src/operator-api/schemas/invalidations.ts';
import type { InspectedKey } from '../src/operator-api/schemas/keys.ts';
import { startApi } from './operator-api.ts';
import { startProfileReplica } from './profile-replica.ts';
import { createRelayFixture, type RelayFixture } from './relay-fixture.ts';

const PRODUCTION = {
  FRESHET_LEASE_MS: '1500',
  FRESHET_MAX_STALENESS_MS: '2000',
  FRESHET_STRONG_TRANSACTION_MS: '2000',
};

async function addProfile({ db }: RelayFixture, id: string): Promise<string> {
  const { rows } = await db.query<{ version: string }>(
    'insert into profiles (id, name) values ($1, $1) returning version',
    [id],
  );
  return rows[0]?.version ?? '';
}

test('one key is shown in every layer, side by side, and is nowhere for having been asked for', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, PRODUCTION);
  await fixture.untilBlessed();
  const [reads, idle] = await Promise.all([
    startProfileReplica(fixture, { instance: 'user-service-1' }),
    startProfileReplica(fixture, { instance: 'user-service-2' }),
  ]);
  const version = await addProfile(fixture, 'a:b');
  await fixture.untilDrained();
  const path = `/v1/keys/${encodeURIComponent('user:profile:a%3Ab')}`;
  expect((await api.get(path)).body).toMatchObject({
    key: 'user:profile:a%3Ab',
    domain: 'user',
    idParts: ['a:b'],
    origin: { version },
    l2: [
      {
        schemaVersion: 1,
        physicalKey: 'user:profile:a%3Ab',
        state: 'absent',
        version: null,
        expiresInMs: null,
      },
      { schemaVersion: 2, physicalKey: 'user:v2:profile:a%3Ab', state: 'absent' },
    ],
    pending: 0,
  });
  expect(await fixture.redis.exists('user:profile:a%3Ab')).toBe(0);

  await reads.profiles.get('a:b');
  await fixture.redis.set('user:v2:profile:a%3Ab', 'nonsense');
  const inspected = await api.read<InspectedKey>(path);
  expect(inspected.l2).toMatchObject([
    {
      state: 'entry',
      version,
      ageMs: expect.any(Number),
      ttlMs: expect.any(Number),
      expiresInMs: expect.any(Number),
      blessing: 1,
    },
    { state: 'unreadable', version: null, expiresInMs: null },
  ]);
  const byReplica = new Map(inspected.replicas.map((replica) => [replica.replicaId, replica]));
  expect(byReplica.get(reads.cache.state().replicaId)).toMatchObject({
    instance: 'user-service-1',
    answered: true,
    l1: { version, ageMs: expect.any(Number), ttlMs: expect.any(Number) },
  });
  expect(byReplica.get(idle.cache.state().replicaId)).toMatchObject({
    instance: 'user-service-2',
    answered: true,
    l1: null,
  });
  for (const key of ['user:profile', 'user:unheard-of:1', 'x', 'user:profile:%zz']) {
    const { status } = await api.get(`/v1/keys/${encodeURIComponent(key)}`);
    expect({ key, status }).toEqual({ key, status: 400 });
  }
});

test('an entry that a blessing has voided, a fence and a fill lease are told apart', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, PRODUCTION);
  await fixture.untilBlessed();
  const version = await addProfile(fixture, 'ann');
  await fixture.untilDrained();
  await fixture.redis.set(
    'user:profile:ann',
    `{"v":"${version}","b":0,"at":${Date.now()},"ttl":1000,"cost":1,"d":1}`,
    'PX',
    60_000,
  );
  await fixture.protocol.fence('user:v2:profile:ann', 'token', 60_000);
  const states = async () =>
    (await api.read<InspectedKey>('/v1/keys/user:profile:ann')).l2.map(({ state }) => state);
  expect(await states()).toEqual(['void', 'fenced']);
  await fixture.redis.del('user:profile:ann');
  await fixture.protocol.lease('user:profile:ann', 'token', 0, 60_000);
  expect(await states()).toEqual(['filling', 'fenced']);
});

test('an invalidation opens to its path, and to when each replica had applied it', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, PRODUCTION);
  await fixture.untilBlessed();
  const replica = await startProfileReplica(fixture);
  const { replicaId } = replica.cache.state();
  await fixture.db.query(
    `begin; set local freshet.traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
     insert into profiles (id, name) select n::text, 'x' from generate_series(1, 3) n; commit`,
  );
  await fixture.untilDrained();
  const { items } = (await api.get('/v1/invalidations')).body;
  const details = await eventually(
    async () => {
      const all = await Promise.all(
        items.map(({ id }) => api.read<InvalidationDetail>(`/v1/invalidations/${String(id)}`)),
      );
      return all.every(({ applied }) => applied.every(({ at }) => at !== null)) && all;
    },
    { what: 'the replica has applied all three' },
  );
  // Newest first; each has the entry of the log that is its own.
  const entries = await fixture.redis.xrevrange('{coherence:user}:log', '+', '-');
  expect(details.map(({ key, logId }) => [logId, key])).toEqual(
    entries.map(([id, fields]) => [id, (JSON.parse(fields[1] ?? '') as { key: string }).key]),
  );
  const [detail] = details;
  expect(detail).toMatchObject({
    state: 'applied',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    applied: [{ replicaId, instance: 'user-service-1', answered: true, at: expect.any(String) }],
  });
  expect(detail?.path.map(({ step }) => step)).toEqual([
    'committed',
    'drained',
    'dropped',
    'appended',
    'marked',
  ]);
  const times = detail?.path.map(({ at }) => at) ?? [];
  expect(times).toEqual(times.toSorted());
  expect((await api.get('/v1/invalidations/user-999999')).status).toBe(404);
  expect((await api.get('/v1/invalidations/1')).status).toBe(404);
});

test('a schema of the first form is drained as ever, and its rows have the path that they had', async () => {
  const fixture = await createRelayFixture();
  await fixture.db.query(`alter table freshet.invalidation_outbox
    drop column log_id, drop column drained_at, drop column dropped_at, drop column appended_at`);
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  await addProfile(fixture, 'ann');
  await fixture.untilDrained();
  const [item] = (await api.get('/v1/invalidations')).body.items;
  expect((await api.get(`/v1/invalidations/${String(item?.['id'])}`)).body).toMatchObject({
    logId: null,
    path: [{ step: 'committed' }, { step: 'marked' }],
    applied: [],
  });
});

test('invalidations are listed by their state and their domain', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  await addProfile(fixture, 'ann');
  await fixture.db.query(`select freshet.invalidate('user', 'profile', array[''])`);
  await fixture.untilDrained();
  const states = async (query: string) =>
    (await api.get(`/v1/invalidations?${query}`)).body.items.map(({ state }) => state);
  expect(await states('')).toEqual(['dead', 'applied']);
  expect(await states('state=applied')).toEqual(['applied']);
  expect(await states('state=dead&domain=user')).toEqual(['dead']);
  expect(await states('state=pending')).toEqual([]);
  expect((await api.get('/v1/invalidations?state=lost')).status).toBe(400);
  expect((await api.get('/v1/invalidations?domain=nobody')).status).toBe(400);
});

test('replicas describe themselves, and the overview adds them up', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, { ...PRODUCTION, INSTANCE_NAME: 'relay-7' });
  await fixture.untilBlessed();
  await addProfile(fixture, 'ann');
  await fixture.untilDrained();
  const { cache, profiles } = await startProfileReplica(fixture);
  for (let reads = 0; reads < 4; reads++) await profiles.get('ann');
  expect((await api.get('/v1/replicas')).body.items).toMatchObject([
    {
      domain: 'user',
      replicaId: cache.state().replicaId,
      instance: 'user-service-1',
      live: true,
      mode: 'l1',
      hitRatio: 0.75,
      l1: { entries: 1, bytes: expect.any(Number) },
      answered: true,
    },
  ]);
  expect((await api.get('/v1/overview')).body).toMatchObject({
    relay: { instance: 'relay-7' },
    domains: [
      {
        domain: 'user',
        services: ['user'],
        state: 'blessed',
        blessing: 1,
        watermarkAgeMs: expect.any(Number),
        outbox: { pending: 0, deadLetters: 0 },
        replicas: { live: 1, known: 1 },
        hitRatio: 0.75,
        findings: 0,
      },
    ],
  });
  expect((await api.get('/v1/blessings?domain=user')).body.items).toMatchObject([
    { domain: 'user', number: 1, finishedAt: expect.any(String) },
  ]);
});

test('a domain whose Redis is gone is in the overview all the same', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, { REDIS_CACHE_URL: 'redis://127.0.0.1:1' });
  await addProfile(fixture, 'ann');
  const waiting = await eventually(
    async () => {
      const { body } = await api.get('/v1/overview');
      const [domain] = body['domains'] as { standingStill: string | null }[];
      return domain !== undefined && domain.standingStill !== null && domain;
    },
    { what: 'the overview says that nothing is drained' },
  );
  expect(waiting).toMatchObject({
    blessing: null,
    watermarkAgeMs: null,
    outbox: { pending: 1 },
    hitRatio: null,
  });
});
