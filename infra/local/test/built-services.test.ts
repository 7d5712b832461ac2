import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startChildProcess } from '../src/parts/child-process.ts';
import { startPostgres } from '../src/parts/postgres.ts';
import { startRedisServer } from '../src/parts/redis.ts';
import { freePort } from '../src/parts/free-port.ts';
import { createDatabases } from '../src/start/given-postgres.ts';
import { databaseOf, domains, environmentOf, type Servers, type ServiceName } from '../src/start/topology.ts';
import { root } from './launched.ts';

// A whole system starts in a few seconds, and in many more on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const within = { timeout: 60_000, interval: 50 };

test('what `pnpm build` makes runs on plain Node, with its SQL and its Lua', async () => {
  await promisify(execFile)(process.execPath, ['infra/build/build.mjs'], { cwd: root });
  const servers = await startServers();
  // Together: the services wait for a relay, and the relay for the databases that they migrate.
  const [inventory, relay] = await Promise.all([
    startBuilt('inventory-service', servers),
    startBuilt('invalidation-relay', servers),
    startBuilt('user-service', servers),
  ]);

  const console = await fetch(relay, { headers: { accept: 'text/html' } });
  expect(console.headers.get('content-type')).toContain('text/html');

  const product = `${inventory}/products/lamp`;
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'Lamp', description: '', priceCents: 1 });
  expect((await fetch(product, { method: 'PUT', headers, body })).status).toBe(201);
  await vi.waitFor(async () => {
    const { headers: answered } = await fetch(product);
    expect(answered.get('cache-status')).toMatch(/detail="?l1/);
  }, within);
});

async function startServers(): Promise<Servers> {
  const started = await Promise.all([
    startPostgres(),
    startRedisServer({ flavour: 'cache' }),
    startRedisServer({ flavour: 'queue' }),
  ]);
  onTestFinished(async () => void (await Promise.all(started.map((server) => server.stop()))));
  const [postgres, cache, queue] = started;
  await createDatabases(postgres.url, domains.map(databaseOf));
  return { postgres: postgres.url, redisCache: cache.url, redisQueue: queue.url };
}

/** As infra/docker/service.Dockerfile does. Its URL, when it is ready. */
async function startBuilt(service: ServiceName, servers: Servers): Promise<string> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startChildProcess({
    name: service,
    command: process.execPath,
    args: ['--enable-source-maps', '--import', '@freshet/service-kit/register', 'dist/main.js'],
    cwd: join(root, 'services', service),
    env: { NODE_ENV: 'production', ...environmentOf({ name: service, service, port, url }, servers) },
    ready: {
      probe: async () => {
        if (!(await fetch(`${url}/livez`)).ok) throw new Error('not yet');
      },
    },
  });
  onTestFinished(async () => void (await child.stop()));
  await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), within);
  return url;
}
