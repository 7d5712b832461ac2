import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ProtocolRedis, startProtocolRedis } from '../../test/protocol-redis.ts';
import { decodeValue, encodeEntry } from './value.ts';

let real: ProtocolRedis;
let key: string;

beforeAll(async () => {
  real = await startProtocolRedis();
});

beforeEach(() => {
  key = real.newKey();
});

const FOREVER = 99_999_999_999_999;
const entry = (version: string): string =>
  encodeEntry({ version, blessing: 1, at: 1, ttl: 60_000, cost: 1, payload: { version } });
const stored = (version: string): { entry: string; ttlMs: number } => ({
  entry: entry(version),
  ttlMs: 60_000,
});
const fence = (tokens: Record<string, number>, disturbed: 0 | 1): string =>
  JSON.stringify({ fence: tokens, disturbed });

interface StoredFence {
  fence: Record<string, number>;
  disturbed: number;
}

async function readFence(): Promise<StoredFence> {
  const text = await real.redis.get(key);
  expect(decodeValue(text ?? '')).toEqual({ kind: 'fence' });
  return JSON.parse(text ?? '') as StoredFence;
}

describe('FENCE', () => {
  test('stands without a TTL, so that nothing evicts it, with a deadline on the server’s clock', async () => {
    const before = await real.timeMs();
    await real.protocol.fence(key, 'one', 5_000);
    const after = await real.timeMs();
    expect(await real.redis.pttl(key)).toBe(-1);
    const { fence: tokens, disturbed } = await readFence();
    expect(Object.keys(tokens)).toEqual(['one']);
    expect(tokens['one']).toBeGreaterThanOrEqual(before + 5_000);
    expect(tokens['one']).toBeLessThanOrEqual(after + 5_000);
    expect(disturbed).toBe(0);
  });

  test('says which server answered', async () => {
    const { history } = await real.protocol.status();
    expect(history).toMatch(/^[0-9a-f]{40}$/);
    expect(await real.protocol.fence(key, 'one', 5_000)).toEqual({ primary: true, history });
  });

  test.each([
    ['an entry', entry('7')],
    ['a fill lease', '{"lease":"reader"}'],
    ['a dead fence', fence({ dead: 1 }, 1)],
    ['garbage', 'garbage'],
  ])('replaces %s by a fresh, undisturbed fence', async (_, text) => {
    await real.redis.set(key, text, 'PX', 60_000);
    await real.protocol.fence(key, 'one', 60_000);
    expect(await readFence()).toMatchObject({ fence: { one: expect.any(Number) }, disturbed: 0 });
    expect(await real.redis.pttl(key)).toBe(-1);
  });

  test('of a second writer adds its own deadline and disturbs both', async () => {
    await real.protocol.fence(key, 'one', 60_000);
    const first = await readFence();
    await real.protocol.fence(key, 'two', 5_000);
    const { fence: tokens, disturbed } = await readFence();
    expect(tokens['one']).toBe(first.fence['one']);
    expect(tokens['two']).toBeLessThan(tokens['one'] ?? 0);
    expect(disturbed).toBe(1);
  });

  test('forgets tokens past their deadline, which disturbed it', async () => {
    await real.redis.set(key, fence({ dead: 1, one: FOREVER }, 0));
    await real.protocol.fence(key, 'two', 60_000);
    const { fence: tokens, disturbed } = await readFence();
    expect(Object.keys(tokens).toSorted()).toEqual(['one', 'two']);
    expect(disturbed).toBe(1);
  });
});

describe('PUBLISH', () => {
  test('stores the new value with its TTL in place of an undisturbed fence', async () => {
    await real.protocol.fence(key, 'one', 60_000);
    expect(await real.protocol.publish(key, 'one', '8', stored('8'))).toBe('published');
    expect(await real.redis.get(key)).toBe(entry('8'));
    expect(await real.redis.pttl(key)).toBeGreaterThan(50_000);
  });

  test.each([
    ['a deletion', '8'],
    ['a rollback', '0'],
  ])('lifts the fence without an entry: %s', async (_, version) => {
    await real.protocol.fence(key, 'one', 60_000);
    expect(await real.protocol.publish(key, 'one', version, null)).toBe('lifted');
    expect(await real.redis.exists(key)).toBe(0);
  });

  test('stores nothing when an invalidation disturbed the fence', async () => {
    await real.protocol.fence(key, 'one', 60_000);
    await real.protocol.drop(key, '9');
    expect(await real.protocol.publish(key, 'one', '8', stored('8'))).toBe('lifted');
    expect(await real.redis.exists(key)).toBe(0);
  });

  test('stores nothing when another writer’s token ran out under the fence', async () => {
    await real.redis.set(key, fence({ dead: 1, one: FOREVER }, 0));
    expect(await real.protocol.publish(key, 'one', '8', stored('8'))).toBe('lifted');
    expect(await real.redis.exists(key)).toBe(0);
  });

  test('of one of two writers keeps the fence for the other, and neither stores', async () => {
    await real.protocol.fence(key, 'one', 60_000);
    await real.protocol.fence(key, 'two', 60_000);
    expect(await real.protocol.publish(key, 'one', '8', stored('8'))).toBe('shared');
    const { fence: tokens, disturbed } = await readFence();
    expect(Object.keys(tokens)).toEqual(['two']);
    expect(disturbed).toBe(1);
    expect(await real.redis.pttl(key)).toBe(-1);
    expect(await real.protocol.publish(key, 'two', '9', stored('9'))).toBe('lifted');
    expect(await real.redis.exists(key)).toBe(0);
  });

  test('after its deadline is an invalidation, and disturbs a fence of others', async () => {
    await real.redis.set(key, fence({ one: 1, two: FOREVER }, 0));
    expect(await real.protocol.publish(key, 'one', '8', stored('8'))).toBe('fenced');
    expect(await readFence()).toEqual({ fence: { two: FOREVER }, disturbed: 1 });
  });

  test('after its deadline does not store where nobody else fences', async () => {
    await real.redis.set(key, fence({ one: 1 }, 0));
    expect(await real.protocol.publish(key, 'one', '8', stored('8'))).toBe('dropped');
    expect(await real.redis.exists(key)).toBe(0);
  });

  test.each([
    ['an older entry', entry('7'), 'dropped'],
    ['a newer entry', entry('9'), 'kept'],
    ['a fill lease, whose load may be too old', '{"lease":"reader"}', 'dropped'],
    ['garbage', 'garbage', 'dropped'],
  ])('late, over %s, is an invalidation', async (_, text, answer) => {
    await real.redis.set(key, text);
    expect(await real.protocol.publish(key, 'one', '8', stored('8'))).toBe(answer);
    expect(await real.redis.get(key)).toBe(answer === 'kept' ? text : null);
  });

  test('late, where nothing is, stores nothing', async () => {
    expect(await real.protocol.publish(key, 'one', '8', stored('8'))).toBe('absent');
    expect(await real.redis.exists(key)).toBe(0);
  });

  test('of a late rollback removes no entry, and does not disturb its successor’s value', async () => {
    await real.redis.set(key, entry('7'));
    expect(await real.protocol.publish(key, 'one', '0', null)).toBe('kept');
    expect(await real.redis.get(key)).toBe(entry('7'));
  });
});
