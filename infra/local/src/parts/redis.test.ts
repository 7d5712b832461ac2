import { access, rm } from 'node:fs/promises';
import { Redis as Client } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './folders.ts';
import { type RedisOptions, startRedisServer } from './redis.ts';
import { userOf } from './user-of.test-helper.ts';

async function start(options: RedisOptions) {
  const server = await startRedisServer(options);
  onTestFinished(async () => {
    await server.stop();
  });
  const client = new Client(server.url, { lazyConnect: true });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.disconnect());
  const setting = async (name: string): Promise<unknown> => {
    const reply = (await client.call('CONFIG', 'GET', name)) as Record<string, unknown> | unknown[];
    return Array.isArray(reply) ? reply[1] : reply[name];
  };
  return { server, client, setting };
}

test('the cache flavour keeps nothing, and evicts only what has a time to live', async () => {
  const { server, setting } = await start({ flavour: 'cache' });
  expect(await setting('save')).toBe('');
  expect(await setting('appendonly')).toBe('no');
  expect(await setting('maxmemory-policy')).toBe('volatile-lfu');
  expect(await setting('repl-backlog-ttl')).toBe('0');
  expect(await setting('bind')).toBe('127.0.0.1');
  await server.stop();
  await expect(access(server.dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('the queue flavour evicts nothing, and has its data after a crash', async () => {
  const dataDir = await temporaryFolder('queue-test');
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const { server, client, setting } = await start({ flavour: 'queue', dataDir });
  expect(await setting('maxmemory-policy')).toBe('noeviction');
  await client.set('job', '1');
  await server.kill();
  const again = await start({ flavour: 'queue', dataDir });
  expect(await again.client.get('job')).toBe('1');
});

test('Redis never runs as root', async () => {
  const { server } = await start({ flavour: 'cache' });
  expect(await userOf(server.pid)).not.toBe(0);
});

test('settings are stronger than the configuration file', async () => {
  const { setting } = await start({ flavour: 'cache', settings: { 'maxmemory-policy': 'allkeys-lru' } });
  expect(await setting('maxmemory-policy')).toBe('allkeys-lru');
});
