import { createServer } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createDatabase, disposeAtEnd } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { startFixture } from './fixture-process.ts';

const failed = { code: 1, signal: null };
const folder = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

/** The one fatal line of a process that did not start. */
async function fatalLine(env: Record<string, string>) {
  const fixture = await startFixture(env, null);
  expect(await fixture.exited).toEqual(failed);
  const fatal = fixture.log().filter(({ level }) => level === 'fatal');
  expect(fatal).toHaveLength(1);
  expect(fixture.lines.join()).not.toMatch(/"stack"|hunter2|node:internal/);
  return fatal[0];
}

async function takenPort(): Promise<number> {
  const owner = createServer().listen(0, '127.0.0.1');
  await once(owner, 'listening');
  disposeAtEnd('owner of the port', async () => owner.close());
  const address = owner.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function changed(url: string, change: (parsed: URL) => void): string {
  const parsed = new URL(url);
  change(parsed);
  return parsed.href;
}

test('mistakes in the environment', async () => {
  const line = await fatalLine({
    PORT: 'x',
    REDIS_CACHE_URL: 'hunter2',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318',
  });
  expect(line).toMatchObject({ code: 'FRESHET_CONFIG', service: 'fixture-service' });
  expect(line?.msg).toMatch(/3 mistakes.*PORT.*REDIS_CACHE_URL.*OTEL_EXPORTER_OTLP_ENDPOINT/);
});

test('a shutdown notice that leaves no time to finish requests', async () => {
  const line = await fatalLine({ SHUTDOWN_NOTICE_MS: '5001', SHUTDOWN_DEADLINE_MS: '10000' });
  expect(line).toMatchObject({ code: 'FRESHET_CONFIG' });
  expect(line?.msg).toMatch(/SHUTDOWN_NOTICE_MS \(5001\).*half of SHUTDOWN_DEADLINE_MS \(10000\)/);
});

test('a port that is taken', async () => {
  const port = await takenPort();
  const line = await fatalLine({ PORT: String(port) });
  expect(line).toMatchObject({ code: 'FRESHET_PORT_TAKEN' });
  expect(line?.msg).toBe(
    `Port ${port} on 127.0.0.1 is taken: stop its owner, or set PORT (0 picks a free one).`,
  );
});

test('an address that is not of this machine', async () => {
  expect(await fatalLine({ HOST: '192.0.2.1' })).toMatchObject({ code: 'FRESHET_PORT_REFUSED' });
});

test('no Postgres', async () => {
  const line = await fatalLine({ DATABASE_URL: 'postgres://ada:hunter2@127.0.0.1:1/user' });
  expect(line).toMatchObject({ code: 'FRESHET_DATABASE_UNREACHABLE' });
  expect(line?.msg).toMatch(/^Postgres at 127\.0\.0\.1:1 does not answer \(.*ECONNREFUSED.*\): start it/);
});

test('a user that Postgres refuses', async () => {
  const database = await createDatabase();
  const DATABASE_URL = changed(database.url, (url) => {
    url.username = 'nobody_knows_me';
    url.password = 'hunter2';
  });
  const line = await fatalLine({ DATABASE_URL });
  expect(line).toMatchObject({ code: 'FRESHET_DATABASE_REFUSED' });
  expect(line?.msg).toContain('nobody_knows_me');
});

test('a database that is not there', async () => {
  const database = await createDatabase();
  const DATABASE_URL = changed(database.url, (url) => (url.pathname = '/not_there'));
  expect(await fatalLine({ DATABASE_URL })).toMatchObject({ code: 'FRESHET_DATABASE_MISSING' });
  expect(await fatalLine({ DATABASE_URL, MIGRATIONS: folder('migrations') })).toMatchObject({
    code: 'FRESHET_DATABASE_MISSING',
  });
});

test('a migration that fails', async () => {
  const database = await createDatabase();
  const line = await fatalLine({ DATABASE_URL: database.url, MIGRATIONS: folder('broken-migrations') });
  expect(line).toMatchObject({ code: 'FRESHET_MIGRATION' });
  expect(line?.msg).toMatch(
    /^Migration 0001-broken failed, and was rolled back: relation "missing" does not exist/,
  );
});
