import { eventually } from '@freshet/test-kit';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ProtocolRedis, startProtocolRedis } from '../../test/protocol-redis.ts';
import { encodeEntry } from './value.ts';

let real: ProtocolRedis;
let key: string;

beforeAll(async () => {
  real = await startProtocolRedis();
});

beforeEach(() => {
  key = real.newKey();
});

const entry = (version: string, blessing = 1): string =>
  encodeEntry({ version, blessing, at: 1, ttl: 60_000, cost: 1, payload: { version } });
const ENTRY = entry('7');
const ANOTHERS_LEASE = '{"lease":"another"}';
const LIVE_FENCE = '{"fence":{"writer":99999999999999},"disturbed":0}';
const DEAD_FENCE = '{"fence":{"writer":1},"disturbed":0}';

describe('LEASE', () => {
  test('is granted where nothing is cached, and ends by itself', async () => {
    expect(await real.protocol.lease(key, 'mine', 0, 5_000)).toEqual({ kind: 'granted' });
    expect(await real.redis.get(key)).toBe('{"lease":"mine"}');
    const left = await real.redis.pttl(key);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(5_000);
  });

  test('answers with an entry of the blessing asked for, or a later one', async () => {
    await real.redis.set(key, entry('7', 3));
    expect(await real.protocol.lease(key, 'mine', 3, 5_000)).toEqual({ kind: 'entry', text: entry('7', 3) });
    expect(await real.protocol.lease(key, 'mine', 2, 5_000)).toEqual({ kind: 'entry', text: entry('7', 3) });
    expect(await real.redis.get(key)).toBe(entry('7', 3));
  });

  test('takes an entry of an older blessing as absent: it is void', async () => {
    await real.redis.set(key, entry('7', 2));
    expect(await real.protocol.lease(key, 'mine', 3, 5_000)).toEqual({ kind: 'granted' });
    expect(await real.redis.get(key)).toBe('{"lease":"mine"}');
  });

  test("leaves another reader's fill lease alone", async () => {
    await real.redis.set(key, ANOTHERS_LEASE, 'PX', 60_000);
    expect(await real.protocol.lease(key, 'mine', 0, 5_000)).toEqual({ kind: 'lease' });
    expect(await real.redis.get(key)).toBe(ANOTHERS_LEASE);
  });

  test('leaves a live fence alone', async () => {
    await real.redis.set(key, LIVE_FENCE);
    expect(await real.protocol.lease(key, 'mine', 0, 5_000)).toEqual({ kind: 'fence' });
    expect(await real.redis.get(key)).toBe(LIVE_FENCE);
  });

  test('takes a fence without a live token as absent', async () => {
    await real.redis.set(key, DEAD_FENCE);
    expect(await real.protocol.lease(key, 'mine', 0, 5_000)).toEqual({ kind: 'granted' });
  });

  test('takes garbage, and a value of another Redis type, as absent', async () => {
    await real.redis.set(key, 'garbage');
    expect(await real.protocol.lease(key, 'mine', 0, 5_000)).toEqual({ kind: 'granted' });
    const hash = real.newKey();
    await real.redis.hset(hash, 'field', 'value');
    expect(await real.protocol.lease(hash, 'mine', 0, 5_000)).toEqual({ kind: 'granted' });
  });
});

describe('FILL', () => {
  test('stores with a TTL while exactly this fill lease stands', async () => {
    await real.protocol.lease(key, 'mine', 0, 5_000);
    expect(await real.protocol.fill(key, 'mine', ENTRY, 60_000)).toBe(true);
    expect(await real.redis.get(key)).toBe(ENTRY);
    const left = await real.redis.pttl(key);
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  test('stores nothing after an invalidation, of whatever version', async () => {
    await real.protocol.lease(key, 'mine', 0, 5_000);
    expect(await real.protocol.drop(key, '1')).toBe('dropped');
    expect(await real.protocol.fill(key, 'mine', ENTRY, 60_000)).toBe(false);
    expect(await real.redis.exists(key)).toBe(0);
  });

  test('stores nothing after an invalidation and another reader’s lease', async () => {
    await real.protocol.lease(key, 'mine', 0, 5_000);
    await real.protocol.drop(key, '1');
    await real.protocol.lease(key, 'another', 0, 5_000);
    expect(await real.protocol.fill(key, 'mine', ENTRY, 60_000)).toBe(false);
    expect(await real.redis.get(key)).toBe(ANOTHERS_LEASE);
  });

  test('stores nothing once the lease has run out', async () => {
    await real.protocol.lease(key, 'mine', 0, 1);
    await eventually(async () => (await real.redis.exists(key)) === 0, { what: 'the fill lease runs out' });
    expect(await real.protocol.fill(key, 'mine', ENTRY, 60_000)).toBe(false);
    expect(await real.redis.exists(key)).toBe(0);
  });

  test('stores nothing over a fence that came meanwhile', async () => {
    await real.protocol.lease(key, 'mine', 0, 5_000);
    await real.protocol.fence(key, 'writer', 60_000);
    expect(await real.protocol.fill(key, 'mine', ENTRY, 60_000)).toBe(false);
    expect(await real.redis.get(key)).toContain('"fence"');
  });

  test('stores once, however often it is sent', async () => {
    await real.protocol.lease(key, 'mine', 0, 5_000);
    expect(await real.protocol.fill(key, 'mine', ENTRY, 60_000)).toBe(true);
    expect(await real.protocol.fill(key, 'mine', entry('8'), 60_000)).toBe(false);
    expect(await real.redis.get(key)).toBe(ENTRY);
  });

  test('stores nothing over a value of another Redis type', async () => {
    await real.redis.hset(key, 'field', 'value');
    expect(await real.protocol.fill(key, 'mine', ENTRY, 60_000)).toBe(false);
    expect(await real.redis.type(key)).toBe('hash');
  });
});

describe('REFRESH', () => {
  test('replaces an entry of exactly the version that was seen', async () => {
    await real.redis.set(key, entry('7'));
    expect(await real.protocol.refresh(key, '7', entry('8'), 60_000)).toBe(true);
    expect(await real.redis.get(key)).toBe(entry('8'));
    expect(await real.redis.pttl(key)).toBeGreaterThan(0);
  });

  test.each([
    ['an older entry', entry('6')],
    ['a newer entry', entry('8')],
    ['an entry whose version is the same as a number only', entry('9007199254740993')],
    ['a fill lease', ANOTHERS_LEASE],
    ['a live fence', LIVE_FENCE],
    ['a dead fence', DEAD_FENCE],
    ['garbage', 'garbage'],
  ])('does not replace %s', async (_, stored) => {
    const seen = stored === entry('9007199254740993') ? '9007199254740992' : '7';
    await real.redis.set(key, stored);
    expect(await real.protocol.refresh(key, seen, entry('9'), 60_000)).toBe(false);
    expect(await real.redis.get(key)).toBe(stored);
  });

  test('does not bring back what an invalidation removed', async () => {
    expect(await real.protocol.refresh(key, '7', entry('8'), 60_000)).toBe(false);
    expect(await real.redis.exists(key)).toBe(0);
  });

  test('never replaces version 0, which says nothing about what came between', async () => {
    await real.redis.set(key, entry('0'));
    expect(await real.protocol.refresh(key, '0', entry('8'), 60_000)).toBe(false);
    expect(await real.redis.get(key)).toBe(entry('0'));
  });
});
