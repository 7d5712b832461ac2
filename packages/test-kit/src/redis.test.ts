import { access } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { disposeAtEnd } from './disposal.ts';
import { eventually } from './eventually.ts';
import { startRedis, type TestRedis } from './redis.ts';

async function connect(server: TestRedis): Promise<Redis> {
  const client = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  disposeAtEnd('Redis client', async () => client.disconnect());
  await client.connect();
  return client;
}

test('two servers are two servers', async () => {
  const [one, other] = await Promise.all([startRedis(), startRedis({ flavour: 'queue' })]);
  await (await connect(one)).set('key', 'one');
  expect(await (await connect(other)).get('key')).toBeNull();
});

test('a restarted server is empty, another process, on the same port', async () => {
  const server = await startRedis();
  const { pid, url, dataDir } = server;
  await (await connect(server)).set('key', 'value');
  await server.restart();
  expect(server.pid).not.toBe(pid);
  expect(server.url).toBe(url);
  await expect(access(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await (await connect(server)).get('key')).toBeNull();
});

test('a queue can be restarted with what the killed process had written', async () => {
  const server = await startRedis({ flavour: 'queue' });
  await (await connect(server)).set('key', 'value');
  await server.restart({ keepData: true });
  expect(await (await connect(server)).get('key')).toBe('value');
  await server.restart();
  expect(await (await connect(server)).get('key')).toBeNull();
});

test('a stopped process hangs, goes on, and can be killed', async () => {
  const server = await startRedis();
  const client = await connect(server);
  await server.kill('SIGSTOP');
  let answered = false;
  const answer = client.ping().then(() => {
    answered = true;
    return answered;
  });
  expect(answered).toBe(false);
  await server.kill('SIGCONT');
  await answer;
  await server.kill();
  await eventually(() => client.status === 'end', { what: 'the client sees the end of its connection' });
});
