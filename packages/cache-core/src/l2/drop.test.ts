import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ProtocolRedis, startProtocolRedis } from '../../test/protocol-redis.ts';
import { MAX_VERSION } from '../keys/version.ts';
import { encodeEntry } from './value.ts';

let real: ProtocolRedis;
let key: string;

beforeAll(async () => {
  real = await startProtocolRedis();
});

beforeEach(() => {
  key = real.newKey();
});

const entry = (version: string): string =>
  encodeEntry({ version, blessing: 1, at: 1, ttl: 60_000, cost: 1, payload: null });

describe('DROP', () => {
  test('has nothing to do where nothing is', async () => {
    expect(await real.protocol.drop(key, '1')).toBe('absent');
  });

  test.each([
    ['7', '7'],
    ['8', '7'],
    ['10', '9'],
    // One and the same as Lua numbers.
    ['9007199254740993', '9007199254740993'],
    ['9007199254740994', '9007199254740993'],
    ['9223372036854775806', '9223372036854775805'],
  ])('keeps an entry of version %s when the change is %s', async (stored, change) => {
    await real.redis.set(key, entry(stored));
    expect(await real.protocol.drop(key, change)).toBe('kept');
    expect(await real.redis.get(key)).toBe(entry(stored));
  });

  test.each([
    ['6', '7'],
    ['9', '10'],
    ['0', '1'],
    ['9007199254740992', '9007199254740993'],
    ['9223372036854775805', '9223372036854775806'],
    ['9223372036854775806', MAX_VERSION],
    // No row has this version; whoever wrote it must not have made an entry that nothing removes.
    [MAX_VERSION, MAX_VERSION],
    ['99999999999999999999', MAX_VERSION],
  ])('removes an entry of version %s when the change is %s', async (stored, change) => {
    await real.redis.set(key, entry(stored));
    expect(await real.protocol.drop(key, change)).toBe('dropped');
    expect(await real.redis.exists(key)).toBe(0);
  });

  test.each([
    ['a fill lease', '{"lease":"reader"}'],
    ['a dead fence', '{"fence":{"writer":1},"disturbed":0}'],
    ['an empty fence', '{"fence":{},"disturbed":0}'],
    ['garbage', 'garbage'],
    ['garbage that begins like an entry', '{"v":"7"'],
    ['an empty text', ''],
  ])('removes %s', async (_, stored) => {
    await real.redis.set(key, stored);
    expect(await real.protocol.drop(key, '1')).toBe('dropped');
    expect(await real.redis.exists(key)).toBe(0);
  });

  test('removes a value of another Redis type', async () => {
    const { redis } = real;
    const keys = ['hash', 'list', 'set', 'zset', 'stream'].map((type) => `${key}:${type}`);
    const [hash = '', list = '', set = '', zset = '', stream = ''] = keys;
    await redis.hset(hash, 'field', 'value');
    await redis.rpush(list, 'value');
    await redis.sadd(set, 'value');
    await redis.zadd(zset, 1, 'value');
    await redis.xadd(stream, '*', 'field', 'value');
    for (const each of keys) expect(await real.protocol.drop(each, '1')).toBe('dropped');
    expect(await redis.exists(...keys)).toBe(0);
  });

  test('keeps a live fence, whatever the version, and disturbs it: what it guards was changed', async () => {
    await real.protocol.fence(key, 'writer', 60_000);
    const before = await real.redis.get(key);
    expect(before).toContain('"disturbed":0');
    expect(await real.protocol.drop(key, MAX_VERSION)).toBe('fenced');
    expect(await real.redis.get(key)).toBe(before?.replace('"disturbed":0', '"disturbed":1'));
    expect(await real.redis.pttl(key)).toBe(-1);
  });

  test('repeated does nothing more', async () => {
    await real.redis.set(key, entry('6'));
    expect(await real.protocol.drop(key, '7')).toBe('dropped');
    expect(await real.protocol.drop(key, '7')).toBe('absent');
  });

  test('of many keys answers in the order asked', async () => {
    const keys = ['absent', 'older', 'newer', 'fence'].map((name) => `${key}:${name}`);
    const [, older = '', newer = '', fence = ''] = keys;
    await real.redis.set(older, entry('6'));
    await real.redis.set(newer, entry('8'));
    await real.protocol.fence(fence, 'writer', 60_000);
    const drops = keys.map((each) => ({ key: each, version: '7' }));
    expect(await real.protocol.dropMany(drops)).toEqual(['absent', 'dropped', 'kept', 'fenced']);
    expect(await real.protocol.dropMany([])).toEqual([]);
  });
});
