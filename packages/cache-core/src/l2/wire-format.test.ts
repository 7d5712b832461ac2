import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import fences from '../../fixtures/fence.v1.json' with { type: 'json' };
import fillLeases from '../../fixtures/fill-lease.v1.json' with { type: 'json' };
import entries from '../../fixtures/l2-entry.v1.json' with { type: 'json' };
import { type ProtocolRedis, startProtocolRedis } from '../../test/protocol-redis.ts';
import { decodeValue, encodeEntry } from './value.ts';

// During a rolling deploy two releases share one Redis. A format that was ever released keeps its fixture; a new one
// gets a file of its own, with the next number.
let real: ProtocolRedis;
let key: string;

beforeAll(async () => {
  real = await startProtocolRedis();
});

beforeEach(() => {
  key = real.newKey();
});

const neighbour = (version: string, by: bigint): string => String(BigInt(version) + by);

describe.each(entries)('an entry: $text', ({ text, entry }) => {
  test('is written and read as it was released', () => {
    expect(encodeEntry(entry)).toBe(text);
    expect(decodeValue(text)).toEqual({ kind: 'entry', entry });
  });

  test('is understood by every script', async () => {
    const put = (): Promise<unknown> => real.redis.set(key, text);
    await put();
    expect(await real.protocol.lease(key, 'reader', entry.blessing, 1_000)).toEqual({ kind: 'entry', text });
    expect(await real.protocol.fill(key, 'reader', text, 1_000)).toBe(false);
    expect(await real.protocol.drop(key, entry.version)).toBe('kept');
    expect(await real.protocol.publish(key, 'writer', entry.version, null)).toBe('kept');
    expect(await real.protocol.refresh(key, neighbour(entry.version, 1n), text, 1_000)).toBe(false);
    expect(await real.protocol.refresh(key, entry.version, text, 60_000)).toBe(entry.version !== '0');
    expect(await real.protocol.drop(key, neighbour(entry.version, 1n))).toBe('dropped');
    await put();
    expect(await real.protocol.lease(key, 'reader', entry.blessing + 1, 1_000)).toEqual({ kind: 'granted' });
    await put();
    await real.protocol.fence(key, 'writer', 60_000);
    expect(decodeValue((await real.redis.get(key)) ?? '')).toEqual({ kind: 'fence' });
  });

  test('is stored by FILL, REFRESH and PUBLISH as it is', async () => {
    await real.protocol.lease(key, 'reader', 0, 60_000);
    await real.protocol.fill(key, 'reader', text, 60_000);
    expect(await real.redis.get(key)).toBe(text);
    await real.protocol.fence(key, 'writer', 60_000);
    await real.protocol.publish(key, 'writer', entry.version, { entry: text, ttlMs: 60_000 });
    expect(await real.redis.get(key)).toBe(text);
  });
});

describe.each(fillLeases)('a fill lease: $text', ({ token, text }) => {
  test('is written and read as it was released', async () => {
    await real.protocol.lease(key, token, 0, 60_000);
    expect(await real.redis.get(key)).toBe(text);
    expect(decodeValue(text)).toEqual({ kind: 'lease' });
  });

  test('is understood by every script', async () => {
    const put = (): Promise<unknown> => real.redis.set(key, text);
    const entry = entries[0]?.text ?? '';
    await put();
    expect(await real.protocol.lease(key, 'another', 0, 1_000)).toEqual({ kind: 'lease' });
    expect(await real.protocol.refresh(key, '7', entry, 1_000)).toBe(false);
    expect(await real.protocol.drop(key, '1')).toBe('dropped');
    await put();
    expect(await real.protocol.publish(key, 'writer', '1', null)).toBe('dropped');
    await put();
    expect(await real.protocol.fill(key, token, entry, 60_000)).toBe(true);
    await put();
    await real.protocol.fence(key, 'writer', 60_000);
    expect(decodeValue((await real.redis.get(key)) ?? '')).toEqual({ kind: 'fence' });
  });
});

describe.each(fences)('a fence: $text', ({ tokens, disturbed, text }) => {
  const names = Object.keys(tokens);

  test('is read as it was released', () => {
    expect(decodeValue(text)).toEqual({ kind: 'fence' });
  });

  test('is understood by every script, and written again in the same form', async () => {
    const put = (): Promise<unknown> => real.redis.set(key, text);
    const stored = { entry: entries[0]?.text ?? '', ttlMs: 60_000 };
    await put();
    expect(await real.protocol.lease(key, 'reader', 0, 1_000)).toEqual({ kind: 'fence' });
    expect(await real.protocol.fill(key, 'reader', stored.entry, 1_000)).toBe(false);
    expect(await real.protocol.refresh(key, '7', stored.entry, 1_000)).toBe(false);
    expect(await real.redis.get(key)).toBe(text);
    expect(await real.protocol.drop(key, '1')).toBe('fenced');
    expect(await real.redis.get(key)).toBe(text.replace('"disturbed":0', '"disturbed":1'));
    await put();
    const last = names.at(-1) ?? '';
    for (const other of names.slice(0, -1)) {
      expect(await real.protocol.publish(key, other, '8', stored)).toBe('shared');
    }
    expect(await real.protocol.publish(key, last, '8', stored)).toBe(disturbed ? 'lifted' : 'published');
  });
});

test('a fence is written today as it was released', async () => {
  await real.protocol.fence(key, 'pX2mS0vQm1a-_9Zk', 60_000);
  const text = (await real.redis.get(key)) ?? '';
  expect(text.replace(/:\d{13}\}/, ':99999999999999}')).toBe(fences[0]?.text);
});
