import { eventually } from '@freshet/test-kit';
import { describe, expect, test } from 'vitest';
import { startApi } from './operator-api.ts';
import { createRelayFixture, LIMITS } from './relay-fixture.ts';

test('is ready once its domain is blessed, and lists its paths', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await eventually(async () => (await api.get('/readyz')).status === 200, { what: 'the relay is ready' });
  expect((await api.get('/readyz')).body).toMatchObject({ domains: { user: 'blessed' } });
  expect((await api.get('/livez')).status).toBe(200);
  const document = await api.read<{ paths: object }>('/openapi.json');
  expect(Object.keys(document.paths).toSorted()).toEqual([
    '/',
    '/v1/audit',
    '/v1/blessings',
    '/v1/dead-letters',
    '/v1/dead-letters/replay',
    '/v1/dead-letters/{id}/replay',
    '/v1/events',
    '/v1/invalidations',
    '/v1/invalidations/{id}',
    '/v1/keys/{key}',
    '/v1/overview',
    '/v1/replicas',
    '/v1/session',
  ]);
  const { service, paths } = await api.read<{ service: string; paths: string[] }>('/');
  expect(service).toBe('invalidation-relay');
  expect(['/', ...paths].toSorted()).toEqual(
    [...Object.keys(document.paths), '/docs', '/livez', '/metrics', '/openapi.json', '/readyz'].toSorted(),
  );
});

describe('a page that has made its name mean this machine', () => {
  test('reads nothing of a relay that listens on loopback, nor acts on it', async () => {
    const fixture = await createRelayFixture();
    const api = await startApi(fixture, { FRESHET_OPERATOR_TOKEN: 'correct-horse-battery' });
    await fixture.untilBlessed();
    const document = await api.read<{ paths: Record<string, object> }>('/openapi.json');
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method, path] as const),
    );
    const others = ['/docs', '/docs/start.js', '/openapi.json', '/console/console.js', '/nothing'].map(
      (path) => ['get', path] as const,
    );
    for (const [method, path] of [...routes, ...others]) {
      const answer = await api.sendAs('evil.example', path, method);
      expect({ method, path, ...answer }).toMatchObject({
        method,
        path,
        status: 421,
        body: { code: 'FOREIGN_HOST' },
      });
    }
    for (const host of ['localhost.evil.example', '127.0.0.1.evil.example:3003', '0.0.0.0:3003']) {
      expect({ host, ...(await api.sendAs(host, '/v1/overview')) }).toMatchObject({ host, status: 421 });
    }
    for (const host of ['localhost', 'LOCALHOST:3003', '127.0.0.1:1', '[::1]:3003']) {
      expect({ host, ...(await api.sendAs(host, '/v1/overview')) }).toMatchObject({ host, status: 200 });
    }
    for (const path of ['/livez', '/readyz', '/metrics']) {
      // Redis is blessed a moment before the relay knows that it is, and is ready.
      await eventually(async () => (await api.sendAs('relay-1.internal', path)).status === 200, {
        what: `${path} answers whoever asks`,
      });
    }
  });

  test('is told from no other name by a relay that listens to others', async () => {
    const fixture = await createRelayFixture();
    const api = await startApi(fixture, { HOST: '0.0.0.0' });
    for (const path of ['/', '/v1/overview', '/openapi.json']) {
      expect({ path, ...(await api.sendAs('relay.example', path)) }).toMatchObject({ path, status: 200 });
    }
  });
});

test('is not ready while Redis was never blessed', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, { REDIS_CACHE_URL: 'redis://127.0.0.1:1' });
  expect(await api.get('/readyz')).toMatchObject({
    status: 503,
    type: expect.stringContaining('problem+json'),
  });
});

test('invalidates keys by hand, durably, and says so in the operator’s log', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  await fixture.cacheEntry('user:profile:a%3Ab', '9000000000000000000');
  const answer = await api.post(
    '/v1/invalidations',
    { keys: ['user:profile:a%3Ab', 'user:profile:bob'], reason: 'a wrong name' },
    { 'freshet-operator': 'ann@example.org', 'x-forwarded-user': 'root' },
  );
  expect(answer).toMatchObject({
    status: 202,
    body: {
      items: [
        { domain: 'user', key: 'user:profile:a%3Ab', id: expect.stringMatching(/^user-\d+$/) },
        { domain: 'user', key: 'user:profile:bob' },
      ],
    },
  });
  await fixture.untilDrained();
  expect(await fixture.redis.exists('user:profile:a%3Ab')).toBe(0);
  const ids = answer.body.items.map(({ id }) => id);
  const { body } = await api.get('/v1/invalidations');
  expect(body.items).toMatchObject([
    { id: ids[1], key: 'user:profile:bob', state: 'applied', cause: 'manual', idParts: ['bob'] },
    { id: ids[0], key: 'user:profile:a%3Ab', state: 'applied', idParts: ['a:b'] },
  ]);
  const { rows } = await fixture.db.query('select who, action, reason from freshet.operator_log');
  expect(rows).toEqual([
    { who: 'ann@example.org (127.0.0.1)', action: 'invalidate', reason: 'a wrong name' },
  ]);
});

test('invalidates a whole entity by hand', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  await fixture.cacheEntry('user:profile:ann', '5');
  expect(
    await api.post('/v1/invalidations', { service: 'user', entity: 'profile', reason: 'why' }),
  ).toMatchObject({
    status: 202,
    body: { items: [{ domain: 'user', key: 'user:profile' }] },
  });
  await fixture.untilDrained();
  expect(await fixture.redis.exists('user:profile:ann')).toBe(0);
});

test('refuses what names nothing, and says what to do', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  const refused: [body: unknown, code: string][] = [
    [{ keys: ['user:unheard-of:1'] }, 'UNKNOWN_ENTITY'],
    [{ service: 'nobody', entity: 'profile' }, 'UNKNOWN_ENTITY'],
    [{ keys: ['user:profile:1', 'user:profile'] }, 'INVALID_KEY'],
    [{ keys: ['user:profile:'] }, 'INVALID_KEY'],
    [{ keys: ['user:profile:a b'] }, 'INVALID_KEY'],
    [{ keys: ['user:profile:%zz'] }, 'INVALID_KEY'],
    [{ keys: ['*'] }, 'INVALID_KEY'],
    [{ service: 'user:profile', entity: 'x' }, 'INVALID_KEY'],
    [{ service: 'USER', entity: 'profile' }, 'INVALID_KEY'],
    [{ keys: [] }, 'INVALID_REQUEST'],
    [{ keys: 'user:profile:1' }, 'INVALID_REQUEST'],
    [{ keys: ['user:profile:1'], service: 'user', entity: 'profile' }, 'INVALID_REQUEST'],
    [{ service: 'user' }, 'INVALID_REQUEST'],
    [{}, 'INVALID_REQUEST'],
    [[], 'INVALID_REQUEST'],
    ['{"keys":[', 'MALFORMED_JSON'],
  ];
  for (const [body, code] of refused) {
    const answer = await api.post('/v1/invalidations', isObject(body) ? { reason: 'why', ...body } : body);
    expect({ sent: body, ...answer }).toMatchObject({
      sent: body,
      status: 400,
      type: expect.stringContaining('application/problem+json'),
      body: { code, detail: expect.stringMatching(/\w/) },
    });
  }
  expect(await fixture.pending()).toBe(0);
  expect((await api.post('/v1/invalidations', { key: 'user:profile:1' })).body['errors']).toMatchObject([
    { in: 'body', detail: expect.stringMatching(/"keys":.* or .*"service":.*"entity":/) },
  ]);
});

function isObject(body: unknown): body is object {
  return typeof body === 'object' && !Array.isArray(body);
}

test('does nothing without a reason', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  await fixture.db.query(`select freshet.invalidate('user', 'profile', array[''])`);
  await fixture.untilDrained();
  const [letter] = (await api.get('/v1/dead-letters')).body.items;
  const actions: [path: string, body: object][] = [
    ['/v1/invalidations', { keys: ['user:profile:ann'] }],
    ['/v1/invalidations', { service: 'user', entity: 'profile' }],
    ['/v1/dead-letters/replay', {}],
    [`/v1/dead-letters/${String(letter?.['id'])}/replay`, {}],
  ];
  for (const reason of [undefined, '', '  ', 'x'.repeat(501), 'two\nlines', 7]) {
    for (const [path, body] of actions) {
      const answer = await api.post(path, { ...body, reason });
      expect({ path, reason, ...answer }).toMatchObject({
        path,
        status: 400,
        body: { code: 'INVALID_REQUEST' },
      });
    }
  }
  expect(await api.post('/v1/dead-letters/replay')).toMatchObject({ status: 400 });
  expect(await fixture.pending()).toBe(0);
  expect((await fixture.db.query('select from freshet.operator_log')).rowCount).toBe(0);
});

test('pages through the invalidations without gap or repetition, while more are written', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  await fixture.db.query(`insert into profiles (id, name) select n::text, 'x' from generate_series(1, 25) n`);
  const seen: unknown[] = [];
  let path = '/v1/invalidations?limit=10';
  for (;;) {
    const { body } = await api.get(path);
    seen.push(...body.items.map(({ key }) => key));
    if (body.nextCursor === undefined) break;
    path = `/v1/invalidations?limit=10&cursor=${body.nextCursor}`;
    await fixture.db.query(`update profiles set name = 'y' where id = '1'`);
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `user:profile:${25 - n}`));
  for (const query of ['cursor=nonsense', 'cursor=WzFd', 'limit=0', 'limit=201', 'limit=x', 'offset=3']) {
    const { status } = await api.get(`/v1/invalidations?${query}`);
    expect({ query, status }).toEqual({ query, status: 400 });
  }
});

test('lists dead letters and makes them due again', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  const { rows } = await fixture.db.query<{ id: string }>(
    `select freshet.invalidate('user', 'profile', array['']) as id`,
  );
  await fixture.untilDrained();
  const id = `user-${rows[0]?.id}`;
  expect((await api.get('/v1/dead-letters')).body.items).toMatchObject([
    {
      domain: 'user',
      id,
      state: 'dead',
      key: null,
      deadReason: expect.stringContaining('FRESHET_INVALID_ID'),
    },
  ]);

  // Repaired by hand; replayed, it is applied.
  await fixture.db.query(`update freshet.invalidation_outbox set id_parts = '{ann}' where id = $1`, [
    rows[0]?.id,
  ]);
  expect(await api.post(`/v1/dead-letters/${id}/replay`, { reason: 'repaired' })).toMatchObject({
    status: 202,
    body: { domain: 'user', id },
  });
  await fixture.untilDrained();
  expect((await api.get('/v1/dead-letters')).body.items).toEqual([]);
  expect(await fixture.logEntries()).toMatchObject([{ key: 'user:profile:ann' }]);
  for (const unknown of [
    id,
    'user-999999',
    'nobody-1',
    'user-',
    '1',
    'user-9223372036854775808',
    `user-${rows[0]?.id}x`,
  ]) {
    const { status } = await api.post(`/v1/dead-letters/${unknown}/replay`, { reason: 'why' });
    expect({ unknown, status }).toEqual({ unknown, status: 404 });
  }
});

test('shows the replicas and the audit', async () => {
  const fixture = await createRelayFixture();
  const { db, protocol } = fixture;
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  // The first renewal is told where the log begins, the second is granted.
  const { lastId } = (await protocol.renew('replica-1', '0-0', 100)) as { lastId: string };
  await protocol.renew('replica-1', lastId, 100);
  expect((await api.get('/v1/replicas')).body.items).toMatchObject([
    { domain: 'user', replicaId: 'replica-1' },
  ]);

  const versions = await db.query<{ id: string; version: string }>(
    `insert into profiles (id, name) values ('ann', 'Ann'), ('bob', 'Bob'), ('cid', 'Cid') returning id, version`,
  );
  await fixture.untilDrained();
  await fixture.cacheEntry('user:profile:ann', versions.rows[0]?.version ?? '');
  await fixture.cacheEntry('user:profile:bob', '1');
  await db.query('alter table profiles disable trigger user');
  const audit = await api.get('/v1/audit');
  expect(audit).toMatchObject({
    status: 200,
    body: {
      items: [
        {
          domain: 'user',
          state: 'blessed',
          outbox: { pending: 0, deadLetters: 0 },
          tables: [{ table: 'public.profiles', problem: expect.stringContaining('disabled') }],
          blessings: [{ number: 1, recordedBy: expect.any(String), limits: LIMITS }],
        },
      ],
    },
  });
  const sample = audit.body.items[0]?.['sample'] as { key: string; verdict: string }[];
  const verdicts = Object.fromEntries(sample.map(({ key, verdict }) => [key, verdict]));
  expect(verdicts).toMatchObject({
    'user:profile:ann': 'consistent',
    'user:profile:bob': 'stale',
    'user:profile:cid': 'absent',
    'user:v2:profile:ann': 'absent',
  });
  expect(await fixture.redis.exists('user:profile:cid'), 'the audit fills nothing').toBe(0);
});

test('an id that its column cannot hold hides nothing from the audit', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  await fixture.db.query(`
    create table counters (id int primary key);
    select freshet.cache_table('counters', 'user', 'counter', array['id'])`);
  await api.post('/v1/invalidations', {
    keys: ['user:counter:99999999999', 'user:profile:ann'],
    reason: 'why',
  });
  await fixture.untilDrained();
  const { body } = await api.get('/v1/audit');
  expect(body['unavailable']).toBeUndefined();
  expect(body.items).toMatchObject([
    { sample: [{ key: 'user:profile:ann' }, { key: 'user:v2:profile:ann' }] },
  ]);
});

test('a domain whose database is gone hides no other, and is named', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, {
    FRESHET_DOMAINS: 'user,inventory',
    INVENTORY_DATABASE_URL: 'postgres://postgres@127.0.0.1:1/nothing',
  });
  await fixture.untilBlessed();
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await fixture.untilDrained();
  expect(await api.get('/v1/invalidations')).toMatchObject({
    status: 200,
    body: { items: [{ key: 'user:profile:ann' }], unavailable: [{ domain: 'inventory' }] },
  });
  const byHand = (key: string) => api.post('/v1/invalidations', { keys: [key], reason: 'why' });
  expect(await byHand('user:profile:ann')).toMatchObject({ status: 202 });
  expect(await byHand('inventory:stock:1')).toMatchObject({ status: 503 });
});

test('with a token set, no action without it; all dead letters are replayed at once, and by whom is told', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, { FRESHET_OPERATOR_TOKEN: 'correct-horse-battery' });
  await fixture.untilBlessed();
  await fixture.db.query(
    `select freshet.invalidate('user', 'profile', array['']) from generate_series(1, 3)`,
  );
  await fixture.untilDrained();
  for (const path of ['/v1/invalidations', '/v1/dead-letters/replay', '/v1/dead-letters/user-1/replay']) {
    const body = { reason: 'why', ...(path === '/v1/invalidations' && { keys: ['user:profile:ann'] }) };
    const refused = await api.post(path, body);
    expect({ path, ...refused }).toMatchObject({
      path,
      status: 401,
      body: { code: 'OPERATOR_TOKEN_REQUIRED' },
    });
    const foreign = await api.post(path, body, { 'sec-fetch-site': 'cross-site' });
    expect({ path, ...foreign }).toMatchObject({ path, status: 403, body: { code: 'CROSS_SITE' } });
  }
  expect((await api.get('/v1/session')).body).toMatchObject({ actions: 'token' });
  expect(await fixture.pending()).toBe(0);

  const authorization = 'Bearer correct-horse-battery';
  expect((await api.get('/v1/session', { authorization })).body).toEqual({ actions: 'open' });
  await fixture.db.query(`update freshet.invalidation_outbox set id_parts = '{ann}'`);
  const replayed = await api.post(
    '/v1/dead-letters/replay',
    { domain: 'user', reason: 'repaired' },
    { authorization, 'freshet-operator': 'ann' },
  );
  expect(replayed).toMatchObject({ status: 202, body: { replayed: 3 } });
  await fixture.untilDrained();
  expect((await api.get('/v1/dead-letters')).body.items).toEqual([]);
  const elsewhere = { domain: 'nobody', reason: 'why' };
  expect(await api.post('/v1/dead-letters/replay', elsewhere, { authorization })).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('no such domain') },
  });
  const { rows } = await fixture.db.query('select who, action, subject, reason from freshet.operator_log');
  expect(rows).toEqual([
    {
      who: 'ann (127.0.0.1)',
      action: 'replay-dead-letters',
      subject: { replayed: 3 },
      reason: 'repaired',
    },
  ]);
});
