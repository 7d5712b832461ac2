import { connectRedis } from '@freshet/cache-core';
import { reconnect, redisProtocol } from '@freshet/cache-core/protocol';
import { disposeAtEnd, eventually, startSentinelGroup, type TestSentinelGroup } from '@freshet/test-kit';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';

/** What a connection under the protocol does when its server is replaced. */
async function connectedTo(
  group: TestSentinelGroup,
  server: Parameters<typeof connectRedis>[0],
): Promise<Redis> {
  const redis = connectRedis(server, { commandTimeoutMs: 500 });
  disposeAtEnd('Redis connection', async () => redis.disconnect());
  await eventually(() => redis.status === 'ready', { what: 'the connection is made' });
  expect(await historyOf(redis)).toBe(await historyOf(group.direct(await group.primary())));
  return redis;
}

async function historyOf(redis: Redis): Promise<string> {
  return /master_replid:(\w+)/.exec(await redis.info('replication'))?.[1] ?? '';
}

async function untilOn(redis: Redis, history: string): Promise<void> {
  await eventually(async () => (await historyOf(redis)) === history, {
    what: 'the connection leads to the successor',
    deadlineMs: 30_000,
  });
}

test('a connection by Sentinels follows the primary through failover and failback', async () => {
  const group = await startSentinelGroup();
  const [first] = group.servers;
  if (first === undefined) throw new Error('There is no server.');
  const { sentinels, name } = group;
  const connections = await Promise.all([
    connectedTo(group, group.url),
    connectedTo(group, { sentinels, name }),
  ]);

  await first.kill();
  const second = await group.successorOf(first);
  for (const redis of connections) await untilOn(redis, await historyOf(group.direct(second)));

  await first.restart();
  await group.untilWell();
  await second.kill();
  const third = await group.successorOf(second);
  for (const redis of connections) await untilOn(redis, await historyOf(group.direct(third)));
  expect(third, 'failed back, or on').not.toBe(second);
});

test('a connection to a primary that hangs moves, and what it had sent is not sent again', async () => {
  const group = await startSentinelGroup();
  const first = await group.primary();
  const redis = await connectedTo(group, group.url);
  await first.kill('SIGSTOP');
  await expect(redis.incr('counter')).rejects.toThrow('timed out');
  const second = await group.successorOf(first);
  await untilOn(redis, await historyOf(group.direct(second)));
  expect(await group.direct(second).get('counter')).toBeNull();
  await first.kill('SIGCONT');
  await group.untilWell();
  expect(await historyOf(redis)).toBe(await historyOf(group.direct(second)));
});

test('a connection to an address is closed when the primary there is demoted', async () => {
  const group = await startSentinelGroup({ demoteAfterMs: 3_000 });
  const first = await group.primary();
  await first.kill('SIGSTOP');
  const second = await group.successorOf(first);
  await first.kill('SIGCONT');
  // The old primary does not know yet that it is none: whoever asks it directly is in the other half of the split.
  const redis = connectRedis(first.url, { commandTimeoutMs: 500 });
  disposeAtEnd('Redis connection', async () => redis.disconnect());
  const protocol = redisProtocol(redis, 'shop');
  const status = await eventually(() => protocol.status(), { what: 'the old primary answers' });
  expect(status.primary).toBe(true);
  const { generation } = protocol;
  await group.untilWell();
  await eventually(() => protocol.generation > generation, { what: 'the connection was closed' });
  await eventually(async () => !(await protocol.status()).primary, { what: 'it is a replica now' });
  expect(await historyOf(redis)).toBe(await historyOf(group.direct(second)));
});

test('while the Sentinels are asked, an order to connect anew does not end a connection for good', async () => {
  const group = await startSentinelGroup();
  const first = await group.primary();
  const redis = await connectedTo(group, group.url);
  const seen = new Set<string>();
  // At each step of the way to the successor somebody wants another connection.
  for (const event of ['close', 'reconnecting', 'connecting', 'connect'] as const) {
    redis.on(event, () => {
      seen.add(event);
      reconnect(redis);
      queueMicrotask(() => reconnect(redis));
    });
  }
  await first.kill();
  const second = await group.successorOf(first);
  await untilOn(redis, await historyOf(group.direct(second)));
  expect([...seen]).toEqual(expect.arrayContaining(['close', 'reconnecting', 'connecting']));
});
