import { eventually } from '@freshet/test-kit';
import type { CacheId } from '@freshet/cache-core';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Shop } from './shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open();
});

const none: CacheId = undefined as never;

describe('what is no id at all', () => {
  test('is a rejection, never a throw', async () => {
    for (const item of [{}, { refreshAhead: 1 }]) {
      const { items } = await shop.replica({ leased: false, item });
      for (const answer of [items.get(none), items.read(none), items.getMany(['a', none])])
        await expect(answer).rejects.toMatchObject({ code: 'FRESHET_INVALID_ID' });
    }
  });

  test.each<[string, readonly CacheId[], (id: CacheId) => string]>([
    ['an id', ['a', none], () => '0'],
    [
      'a minimum version',
      ['a', 'b'],
      (id) => {
        if (id === 'b') throw new Error('no version');
        return '0';
      },
    ],
  ])('or %s that throws leaves no failed read behind that nobody waits for', async (_, ids, minVersion) => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    onTestFinished(() => void process.off('unhandledRejection', listener));
    const { items } = await shop.replica({
      leased: false,
      item: { load: () => Promise.reject(new Error('the origin is away')) },
    });
    await expect(items.readMany(ids, { minVersion })).rejects.toThrow(/no version|cannot be part/);
    await expect(items.get('c')).rejects.toThrow('the origin is away');
    // Node tells of them once the queue of microtasks is empty.
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  });
});

describe('undefined is no answer of the origin', () => {
  const refused = { code: 'FRESHET_INVALID_VALUE' };
  const forgotten = async (): Promise<never> => undefined as never;

  test('from load', async () => {
    const { items } = await shop.replica({ leased: false, item: { load: forgotten } });
    await expect(items.get('a')).rejects.toMatchObject(refused);
  });

  test('from loadMany', async () => {
    const loadMany = async (ids: readonly CacheId[]): Promise<never[]> => ids.map(() => undefined as never);
    const { items } = await shop.replica({ leased: false, item: { loadMany } });
    await expect(items.getMany(['a', 'b'])).rejects.toMatchObject(refused);
  });
});

test('a load that waited for its turn in vain is not counted as one', async () => {
  const { promise: answered, resolve } = Promise.withResolvers<null>();
  const { items, cache } = await shop.replica({
    leased: false,
    loadConcurrency: 1,
    timings: { loadTimeoutMs: 200 },
    item: { load: () => answered },
  });
  const both = [items.get('a'), items.get('b')];
  for (const read of both) await expect(read).rejects.toMatchObject({ code: 'FRESHET_LOAD_TIMEOUT' });
  expect(cache.stats()['item']).toMatchObject({ originLoads: 1 });
  resolve(null);
});

test('a replica whose schema version is not registered yet keeps nothing in L2, and says so', async () => {
  const writer = await shop.pool.connect();
  await writer.query(
    "begin; select pg_advisory_xact_lock_shared(hashtextextended('freshet.schema_version', 0))",
  );
  const { items } = await shop.replica({
    schemaVersion: 9,
    databaseUrl: `${shop.databaseUrl}?options=${encodeURIComponent('-c lock_timeout=100')}`,
  });
  await shop.put('item', 'unregistered', 1);
  const answer = await items.read('unregistered');
  expect(answer).toMatchObject({
    value: { quantity: 1 },
    cache: { fwd: 'bypass', detail: 'not-registered' },
  });
  await writer.query('commit');
  writer.release();
  await eventually(async () => (await items.read('unregistered')).cache.hit !== undefined, {
    what: 'it is cached once that version is registered',
  });
});
