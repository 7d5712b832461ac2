import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from '../src/parts/free-port.ts';
import { startPostgres } from '../src/parts/postgres.ts';
import { startRedisServer } from '../src/parts/redis.ts';
import { alive, everythingStartedBy, launch, type Launched } from './launched.ts';

// A whole system starts in a few seconds, and in many more on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

/**
 * What it said instead of starting: one sentence on one line, with an exit code that says so.
 *
 * @throws Error when something that it had started is still there.
 */
async function refusalOf(launched: Launched): Promise<string> {
  const started = await everythingStartedBy(launched);
  expect(await launched.exited).toBe(1);
  expect(alive(started)).toEqual([]);
  const lines = launched.output().trim().split('\n');
  expect(lines.filter((line) => !line.startsWith('Starting '))).toHaveLength(1);
  return lines.at(-1) ?? '';
}

async function launchWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Launched> {
  const launched = await launch({ env, args: ['--no-tour', ...args] });
  onTestFinished(() => launched.dispose());
  return launched;
}

async function ownPostgres() {
  const postgres = await startPostgres();
  onTestFinished(async () => void (await postgres.stop()));
  return postgres;
}

test('a Postgres that does not answer', async () => {
  const url = `postgres://postgres@127.0.0.1:${await freePort()}/postgres`;
  expect(await refusalOf(await launchWith({ DATABASE_URL: url }))).toMatch(
    /^Postgres at 127\.0\.0\.1:\d+ cannot be used \(connect ECONNREFUSED .*DATABASE_URL/,
  );
});

test('a wrong password for Postgres', async () => {
  const url = new URL((await ownPostgres()).url);
  url.password = 'wrong';
  expect(await refusalOf(await launchWith({ DATABASE_URL: url.href }))).toMatch(
    /^Postgres at 127\.0\.0\.1:\d+ does not let 'postgres' in .*correct the name or password in DATABASE_URL/,
  );
});

test('a role that may not create databases', async () => {
  const postgres = await ownPostgres();
  const url = new URL(postgres.url);
  await query(postgres.url, `create role clerk login password 'secret'`);
  url.username = 'clerk';
  url.password = 'secret';
  expect(await refusalOf(await launchWith({ DATABASE_URL: url.href }))).toMatch(
    /^The role 'clerk' may not create databases/,
  );
});

test('a Redis that does not answer', async () => {
  const url = `redis://127.0.0.1:${await freePort()}`;
  expect(await refusalOf(await launchWith({ REDIS_QUEUE_URL: url }))).toMatch(
    /^Redis at 127\.0\.0\.1:\d+ cannot be used .*REDIS_QUEUE_URL/,
  );
});

test('a wrong password for Redis', async () => {
  const redis = await startRedisServer({ flavour: 'cache', settings: { requirepass: 'secret' } });
  onTestFinished(async () => void (await redis.stop()));
  const url = `redis://:wrong@127.0.0.1:${redis.port}`;
  expect(await refusalOf(await launchWith({ REDIS_CACHE_URL: url }))).toMatch(
    /^Redis at 127\.0\.0\.1:\d+ does not let us in .*REDIS_CACHE_URL/,
  );
});

test.for([
  {
    args: ['--replicas', '0'],
    env: {},
    sentence: /^--replicas takes a whole number from 1 to 32, not '0'\.$/,
  },
  {
    args: [],
    env: { DATABASE_URL: 'mysql://x' },
    sentence: /^DATABASE_URL must be a URL that starts with postgres:\/\//,
  },
  {
    args: [],
    env: { REDIS_CACHE_URL: 'nonsense' },
    sentence: /^REDIS_CACHE_URL must be a URL that starts with redis:\/\//,
  },
])('$sentence', async ({ args, env, sentence }) => {
  expect(await refusalOf(await launchWith(env, ...args))).toMatch(sentence);
});

test('an unknown option is answered with the known ones', async () => {
  const launched = await launchWith({}, '--replica');
  expect(await launched.exited).toBe(1);
  expect(launched.output()).toContain('--replicas N');
});

test('an old Node', async () => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } })`;
  const launched = await launch({
    command: [
      process.execPath,
      '--import',
      `data:text/javascript,${encodeURIComponent(pretend)}`,
      'infra/local/bin/bootstrap.mjs',
      'start',
    ],
  });
  onTestFinished(() => launched.dispose());
  expect(await refusalOf(launched)).toMatch(/^Freshet needs Node 20 or newer and this is 18\.20\.0: /);
});

test('servers that were given are used, and left running', async () => {
  const postgres = await ownPostgres();
  const cache = await startRedisServer({ flavour: 'cache' });
  const queue = await startRedisServer({ flavour: 'queue' });
  onTestFinished(async () => void (await Promise.all([cache.stop(), queue.stop()])));
  const given = { postgres: postgres.url, redisCache: cache.url, redisQueue: queue.url };
  const launched = await launchWith({
    DATABASE_URL: given.postgres,
    REDIS_CACHE_URL: given.redisCache,
    REDIS_QUEUE_URL: given.redisQueue,
  });
  const system = await launched.untilUp();
  expect(system).toMatchObject(given);
  expect(system.infrastructure.map(({ name }) => name)).toEqual(['gateway']);
  const { rows } = await query(
    postgres.url,
    `select datname from pg_database where datname like 'freshet%' order by 1`,
  );
  expect(rows).toEqual([{ datname: 'freshet_inventory' }, { datname: 'freshet_user' }]);

  launched.signal('SIGTERM');
  expect(await launched.exited).toBe(0);
  await query(postgres.url, 'select');
});

async function query(url: string, text: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query<Record<string, unknown>>(text);
  } finally {
    await client.end();
  }
}
