import { beforeAll, expect, test } from 'vitest';
import { type ProtocolRedis, startProtocolRedis } from '../../test/protocol-redis.ts';
import { encodeEntry } from '../l2/value.ts';
import { peek } from './peek.ts';

let real: ProtocolRedis;

beforeAll(async () => {
  real = await startProtocolRedis();
});

const entry = (payload: unknown): string =>
  encodeEntry({
    version: '9007199254740993',
    blessing: 3,
    at: 1_767_225_600_000,
    ttl: 900_000,
    cost: 1,
    payload,
  });

test('tells apart everything that can stand under a key, without its payload', async () => {
  const { redis, protocol } = real;
  const keys = Array.from({ length: 9 }, () => real.newKey());
  const [value = '', none = '', lasting = '', lease = '', fence = '', dead = '', garbage = '', hash = ''] =
    keys;
  await redis.set(value, entry({ name: 'Ann' }), 'PX', 60_000);
  await redis.set(none, entry(null), 'PX', 60_000);
  // Its head must be enough: a payload may be large.
  await redis.set(lasting, entry('x'.repeat(100_000)));
  await protocol.lease(lease, 'token', 0, 60_000);
  await protocol.fence(fence, 'token', 60_000);
  await redis.set(dead, '{"fence":{"token":1},"disturbed":0}');
  await redis.set(garbage, '{"v":"9","b":', 'PX', 60_000);
  await redis.hset(hash, 'a', 'b');
  const { timeMs, values } = await peek(redis, keys);
  expect(Math.abs(timeMs - (await real.timeMs()))).toBeLessThan(60_000);
  const common = {
    kind: 'entry',
    version: '9007199254740993',
    blessing: 3,
    at: 1_767_225_600_000,
    ttlMs: 900_000,
  };
  expect(values).toEqual([
    { ...common, found: true, expiresInMs: expect.any(Number) },
    { ...common, found: false, expiresInMs: expect.any(Number) },
    { ...common, found: true, expiresInMs: null },
    { kind: 'lease', expiresInMs: expect.any(Number) },
    { kind: 'fence', expiresInMs: null },
    { kind: 'dead', expiresInMs: null },
    { kind: 'garbage', expiresInMs: expect.any(Number) },
    { kind: 'garbage', expiresInMs: null },
    { kind: 'absent', expiresInMs: null },
  ]);
  expect(await peek(redis, [])).toMatchObject({ values: [] });
});
