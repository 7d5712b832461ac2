import { eventually, startFaultProxy, startRedis } from '@freshet/test-kit';
import { Redis, type RedisOptions } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { connected, startProtocolRedis } from '../../test/protocol-redis.ts';
import { assertProtocolOptions, connectRedis, watchConnection } from './connect.ts';
import { redisProtocol } from './redis-protocol.ts';

const SAFE = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  protocol: 3,
} as const satisfies RedisOptions;

function unconnected(options: Partial<Redis['options']>): Redis {
  const redis = new Redis({ lazyConnect: true });
  Object.assign(redis.options, options);
  return redis;
}

describe('a connection that could send a write twice or late is refused', () => {
  test.each<[string, Partial<Redis['options']>]>([
    ['ioredis’ defaults', {}],
    ['an offline queue', { ...SAFE, enableOfflineQueue: true }],
    ['retries', { ...SAFE, maxRetriesPerRequest: 1 }],
    ['endless retries', { ...SAFE, maxRetriesPerRequest: null }],
    ['resending', { ...SAFE, autoResendUnfulfilledCommands: true }],
    ['keys that are not what the protocol says', { ...SAFE, keyPrefix: 'prefix:' }],
  ])('%s', (_, options) => {
    expect(() => redisProtocol(unconnected(options), 'shop')).toThrow(
      expect.objectContaining({ code: 'FRESHET_INVALID_OPTIONS', retryable: false }),
    );
  });

  test('and a safe one is not', () => {
    expect(() => assertProtocolOptions(unconnected(SAFE))).not.toThrow();
  });
});

test.each(['', 'Shop', 'a:b', 'a}b', 'v2', 'x'.repeat(64)])('%j is no domain', (domain) => {
  expect(() => redisProtocol(unconnected(SAFE), domain)).toThrow(
    expect.objectContaining({ code: 'FRESHET_INVALID_OPTIONS' }),
  );
});

describe('a write', () => {
  test('whose answer was lost ran once, and fails at once', async () => {
    const server = await startRedis();
    const proxy = await startFaultProxy({ url: server.url });
    const redis = await connected(proxy.url);
    const direct = await connected(server.url);
    await redis.set('counter', '0');
    const stopWatching = proxy.watch((chunk, direction) => {
      if (direction === 'toServer' && chunk.includes('incr')) proxy.drop('toClient');
    });
    const lost = redis.incr('counter').catch((error: unknown) => error);
    await eventually(async () => (await direct.get('counter')) === '1', { what: 'Redis has the INCR' });
    await eventually(() => proxy.stats().droppedBytes > 0, { what: 'the answer was lost' });
    stopWatching();
    proxy.cut();
    expect(await lost).toBeInstanceOf(Error);
    proxy.resume();
    await eventually(() => redis.status === 'ready', { what: 'the client has reconnected' });
    // Commands of one connection are in order: a resent INCR would come before this one's.
    expect(await redis.incr('counter')).toBe(2);
  });

  test('made without a connection fails at once, and is never sent', async () => {
    const server = await startRedis();
    const proxy = await startFaultProxy({ url: server.url });
    const redis = await connected(proxy.url);
    await proxy.refuse();
    proxy.cut();
    await eventually(() => redis.status !== 'ready', { what: 'the connection is lost' });
    await expect(redis.incr('counter')).rejects.toThrow("Stream isn't writeable");
    await proxy.accept();
    await eventually(() => redis.status === 'ready', { what: 'the client has reconnected' });
    expect(await redis.incr('counter')).toBe(1);
  });

  test('that nobody answers fails at its deadline', async () => {
    const server = await startRedis();
    const proxy = await startFaultProxy({ url: server.url });
    const redis = await connected(proxy.url, { commandTimeoutMs: 50 });
    proxy.pause('toClient');
    await expect(redis.incr('counter')).rejects.toThrow('timed out');
    expect(proxy.stats().heldBytes).toBeGreaterThan(0);
  });

  test('into a half-open connection is followed by another connection', async () => {
    const server = await startRedis();
    const proxy = await startFaultProxy({ url: server.url });
    const redis = await connected(proxy.url, { commandTimeoutMs: 50 });
    const { connections } = proxy.stats();
    proxy.drop('toClient');
    await expect(redis.incr('counter')).rejects.toThrow('timed out');
    expect(proxy.stats().droppedBytes).toBeGreaterThan(0);
    await eventually(() => proxy.stats().connections > connections, { what: 'another connection' });
  });

  test('that a demoted primary refuses leaves the connection, and is not sent again', async () => {
    const [server, primary] = await Promise.all([startRedis(), startRedis()]);
    const redis = await connected(server.url);
    const protocol = redisProtocol(redis, 'shop');
    const events: string[] = [];
    protocol.onConnection((event) => events.push(event));
    const { generation } = protocol;
    const operator = await connected(server.url);
    await operator.replicaof('127.0.0.1', primary.port);
    await expect(protocol.fence('shop:item:1', 'token', 1_000)).rejects.toThrow('READONLY');
    await eventually(() => redis.status === 'ready' && events.includes('ready'), {
      what: 'another connection was made',
    });
    expect(events).toEqual(['lost', 'ready']);
    expect(protocol.generation).toBe(generation + 2);
  });
});

describe('a protocol', () => {
  test('tells when its connection was lost and made, and counts', async () => {
    const server = await startRedis();
    const proxy = await startFaultProxy({ url: server.url });
    const protocol = redisProtocol(await connected(proxy.url), 'shop');
    const events: string[] = [];
    const stop = protocol.onConnection((event) => events.push(event));
    const { generation } = protocol;
    proxy.cut();
    await eventually(() => events.length === 2, { what: 'the reconnect' });
    expect(events).toEqual(['lost', 'ready']);
    expect(protocol.generation).toBeGreaterThan(generation);
    stop();
    proxy.cut();
    await eventually(() => protocol.generation > generation + 2, { what: 'another reconnect' });
    expect(events).toHaveLength(2);
  });

  test('speaks to a server that has forgotten, or never knew, its scripts', async () => {
    const real = await startProtocolRedis();
    const key = real.newKey();
    await real.redis.script('FLUSH');
    expect(await real.protocol.lease(key, 'reader', 0, 60_000)).toEqual({ kind: 'granted' });
    await real.redis.script('FLUSH');
    expect(await real.protocol.drop(key, '1')).toBe('dropped');
    await real.redis.script('FLUSH');
    await real.protocol.lease(key, 'reader', 0, 60_000);
    await real.redis.script('FLUSH');
    const drops = [key, real.newKey(), key].map((each) => ({ key: each, version: '1' }));
    expect(await real.protocol.dropMany(drops)).toEqual(['dropped', 'absent', 'absent']);
  });

  test('rings the doorbells of its own domain', async () => {
    const real = await startProtocolRedis();
    const listener = await connected(real.server.url);
    const heard: string[] = [];
    listener.on('message', (channel: string) => heard.push(channel));
    await listener.subscribe(
      'cache:invalidate:shop',
      'cache:outbox:shop',
      'cache:invalidate:other',
      'cache:outbox:other',
    );
    await real.protocol.ring();
    await real.protocol.ringRelays();
    await eventually(() => heard.length === 2, { what: 'both doorbells were heard' });
    expect(heard).toEqual(['cache:invalidate:shop', 'cache:outbox:shop']);
  });

  test('reports an error of Redis as it is', async () => {
    const real = await startProtocolRedis();
    const key = real.newKey();
    await real.redis.hset(key, 'field', 'value');
    await expect(real.protocol.get(key)).rejects.toThrow('WRONGTYPE');
  });
});

describe('why there is no connection', () => {
  test.each([
    ['a wrong password', 'redis://:wrong@', 'WRONGPASS'],
    ['no server', 'redis://', 'ECONNREFUSED'],
  ])('is known and told once: %s', async (_, prefix, expected) => {
    const server = await startRedis();
    const proxy = await startFaultProxy({ url: server.url });
    const admin = await connected(server.url);
    await admin.config('SET', 'requirepass', 'right');
    if (expected === 'ECONNREFUSED') await proxy.refuse();
    const redis = connectRedis(proxy.url.replace('redis://', prefix));
    const told: string[] = [];
    const trouble = watchConnection(redis, (reason) => told.push(reason));
    let closed = 0;
    redis.on('close', () => closed++);
    await eventually(() => closed >= 3, { what: 'several attempts have failed' });
    expect(trouble()).toContain(expected);
    expect(told.filter((reason) => reason.includes(expected))).toHaveLength(1);
    await admin.config('SET', 'requirepass', '');
    await proxy.accept();
    await eventually(() => redis.status === 'ready', { what: 'it is connected' });
    expect(trouble()).toBeUndefined();
    redis.disconnect();
  });
});
