import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { fastTemporaryParent, temporaryFolder } from './folders.ts';
import { type PostgresOptions, startPostgres } from './postgres.ts';
import { userOf } from './user-of.test-helper.ts';

async function start(options: PostgresOptions = {}) {
  const server = await startPostgres(options);
  onTestFinished(async () => {
    await server.stop();
  });
  return server;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

async function emptyFolder(): Promise<string> {
  const folder = await temporaryFolder('postgres-test', { parent: await fastTemporaryParent() });
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a temporary server is Postgres 18, does not sync, and leaves nothing behind', async () => {
  const server = await start();
  expect(await query(server.url, 'show server_version')).toEqual([expect.stringMatching(/^18\./)]);
  expect(await query(server.url, 'show fsync')).toEqual(['off']);
  await server.stop();
  await expect(access(server.dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a server with a data directory syncs, and has its data after a crash', async () => {
  const dataDir = join(await emptyFolder(), 'data');
  const first = await start({ dataDir });
  expect(await query(first.url, 'show fsync')).toEqual(['on']);
  await query(first.url, 'create table kept as select 42 as answer');
  await first.kill();
  const second = await start({ dataDir });
  expect(await query(second.url, 'select answer from kept')).toEqual([42]);
});

test('a second server does not start on the same data', async () => {
  const dataDir = join(await emptyFolder(), 'data');
  await start({ dataDir });
  await expect(start({ dataDir })).rejects.toMatchObject({
    code: 'FRESHET_LOCAL_EXITED_EARLY',
    message: expect.stringContaining('postmaster.pid') as string,
  });
});

test('nobody comes in without the password', async () => {
  const server = await start({ dataDir: join(await emptyFolder(), 'data') });
  const url = Object.assign(new URL(server.url), { password: '' }).href;
  await expect(query(url, 'select 1')).rejects.toThrow(/password/);
  const wrong = Object.assign(new URL(server.url), { password: 'wrong' }).href;
  await expect(query(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});

test('Postgres never runs as root', async () => {
  const server = await start();
  expect(await userOf(server.pid)).not.toBe(0);
});
