import { Redis } from 'ioredis';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CacheId, Loaded } from '@freshet/cache-core';
import { type Item, Shop } from './shop.ts';

let shop: Shop;
let ids: string[];
let next = 0;

beforeAll(async () => {
  shop = await Shop.open();
});

beforeEach(() => {
  const prefix = `many-${next++}`;
  ids = Array.from({ length: 5 }, (_, index) => `${prefix}-${index}`);
});

/** `loadMany` of the table `item`, with the ids of each call. */
function batched(): {
  loadMany: (ids: readonly CacheId[]) => Promise<(Loaded<Item> | null)[]>;
  calls: CacheId[][];
} {
  const calls: CacheId[][] = [];
  return {
    calls,
    async loadMany(asked) {
      calls.push([...asked]);
      const { rows } = await shop.pool.query<Item & { version: string }>(
        'select id, quantity, version from item where id = any($1)',
        [asked],
      );
      const byId = new Map(rows.map(({ version, ...value }) => [value.id, { value, version }]));
      return asked.map((id) => byId.get(String(id)) ?? null);
    },
  };
}

describe('many ids at once', () => {
  test('are answered in their order, from wherever each is', async () => {
    const [one, two] = [await shop.replica(), await shop.replica()];
    const [inMemory = '', inL2 = '', nowhere = '', missing = ''] = ids;
    for (const [index, id] of [inMemory, inL2, nowhere].entries()) await shop.put('item', id, index);
    await shop.relay.drain();
    await one.items.getMany([inMemory, inL2]);
    await two.items.get(inMemory);
    const answers = await two.items.readMany([missing, nowhere, inL2, inMemory]);
    expect(answers.map(({ value }) => value?.quantity)).toEqual([undefined, 2, 1, 0]);
    expect(answers.map(({ cache }) => cache.hit ?? cache.fwd)).toEqual(['miss', 'miss', 'l2', 'l1']);
    expect(await two.items.getMany([inMemory, missing])).toEqual([{ id: inMemory, quantity: 0 }, null]);
  });

  test('take the same answer for the same id, with or without a lease', async () => {
    const [id = ''] = ids;
    await shop.put('item', id, 1);
    for (const options of [{}, { leased: false, redisUrl: 'redis://127.0.0.1:1' }]) {
      const { items, loads } = await shop.replica(options);
      const [first, second] = await items.readMany([id, id]);
      expect(second).toEqual(first);
      expect(loads()).toBeLessThanOrEqual(1);
    }
  });

  test('travel to Redis together: one look, and one more for the leases', async () => {
    const { loadMany, calls } = batched();
    const filler = await shop.replica({ item: { loadMany } });
    const reader = await shop.replica();
    const many = Array.from({ length: 200 }, (_, index) => `${ids[0]}-${index}`);
    const redis = new Redis(shop.redis.url);
    const reads = async (): Promise<number> =>
      Number(/total_reads_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
    const before = await reads();
    await filler.items.getMany(many);
    const filled = await reads();
    await reader.items.getMany(many);
    const read = await reads();
    redis.disconnect();
    // Beside them: renewals, and a relay's watermark.
    expect(filled - before).toBeLessThan(40);
    expect(read - filled).toBeLessThan(30);
    expect(calls.flat()).toHaveLength(200);
    expect(calls.length).toBeLessThan(10);
  });

  test('of which one is no id are refused', async () => {
    const { items } = await shop.replica();
    await expect(items.getMany([ids[0] ?? '', ''])).rejects.toMatchObject({ code: 'FRESHET_INVALID_ID' });
  });

  test('none are answered with none', async () => {
    const { items } = await shop.replica();
    expect(await items.getMany([])).toEqual([]);
  });

  test('G7: are loaded one place of the gate at a time', async () => {
    const { items, loads, afterRead } = await shop.replica({ loadConcurrency: 2 });
    let running = 0;
    let most = 0;
    afterRead(async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    });
    await items.getMany(ids);
    expect(loads()).toBe(5);
    expect(most).toBeLessThanOrEqual(2);
  });

  test('G3: are at least as new as asked for, one for all or each', async () => {
    const { items } = await shop.replica();
    const [changed = '', same = ''] = ids;
    const old = await shop.put('item', same, 1);
    await shop.put('item', changed, 1);
    await shop.settle();
    await items.getMany([changed, same]);
    const version = await shop.put('item', changed, 2);
    const asked = await items.readMany([changed, same], {
      minVersion: (id) => (id === changed ? version : old),
    });
    expect(asked).toMatchObject([
      { version, cache: { fwd: 'request' } },
      { version: old, cache: { hit: 'l1' } },
    ]);
    const newest = await shop.put('item', changed, 3);
    const all = await items.readMany([changed, same], { minVersion: newest });
    expect(all).toMatchObject([
      { value: { quantity: 3 } },
      { value: { quantity: 1 }, cache: { fwd: 'request' } },
    ]);
    await expect(items.readMany([same], { minVersion: 'x' })).rejects.toMatchObject({
      code: 'FRESHET_INVALID_VERSION',
    });
  });

  test('G1: an invalidation between their loads and their answers keeps just that one out of memory', async () => {
    const { loadMany, calls } = batched();
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const { items, cache } = await shop.replica({
      item: {
        async loadMany(asked) {
          const loaded = await loadMany(asked);
          reached.resolve();
          await gate.promise;
          return loaded;
        },
      },
    });
    for (const id of ids) await shop.put('item', id, 1);
    await shop.settle();
    const early = items.readMany(ids);
    await reached.promise;
    const [changed = ''] = ids;
    const version = await shop.put('item', changed, 2);
    await items.invalidate(changed, version);
    gate.resolve();
    const answers = await early;
    expect(answers.map(({ cache: { stored } }) => stored)).toEqual([undefined, true, true, true, true]);
    expect(cache.stats()['item']?.l1Entries).toBe(4);
    expect(await items.getMany([changed])).toMatchObject([{ quantity: 2 }]);
    expect(calls).toHaveLength(2);
  });

  test('share the loads of others that run already', async () => {
    const { items, loads, afterRead } = await shop.replica();
    const [id = '', other = ''] = ids;
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    afterRead(() => {
      reached.resolve();
      return gate.promise;
    });
    const single = items.get(id);
    await reached.promise;
    const many = items.readMany([id, other]);
    gate.resolve();
    await single;
    expect((await many)[0]?.cache.collapsed).toBe(true);
    expect(loads()).toBe(2);
  });

  test('a loadMany that leaves an id out is an error, not a missing row', async () => {
    const { items } = await shop.replica({ item: { loadMany: async () => [] } });
    await expect(items.getMany(ids)).rejects.toMatchObject({ code: 'FRESHET_INVALID_VALUE' });
  });

  test('a strong entity has them too', async () => {
    const { stock } = await shop.replica();
    const [id = '', missing = ''] = ids;
    await stock.write(id, (client) => client.query('insert into stock (id, quantity) values ($1, 4)', [id]));
    expect(await stock.getMany([missing, id])).toEqual([null, { id, quantity: 4 }]);
    await stock.write(id, (client) => client.query('update stock set quantity = 5 where id = $1', [id]));
    expect((await stock.readMany([id]))[0]).toMatchObject({ value: { quantity: 5 } });
  });
});
