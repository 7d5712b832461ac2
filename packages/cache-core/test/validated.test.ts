import { createCache, postgresDomain, connectRedis, ttl } from '@freshet/cache-core';
import { disposeAtEnd } from '@freshet/test-kit';
import { beforeAll, expect, test } from 'vitest';
import { leased, Shop } from './shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open();
});

interface Day {
  at: Date;
}

test('G12: a value with a form of its own is the same from every layer', async () => {
  const at = new Date('2026-11-24T07:00:00Z');
  const loaded = { at, note: 'no part of its form' };
  const days = await Promise.all(
    [0, 1].map(async () => {
      const redis = connectRedis(shop.redis.url, { commandTimeoutMs: 1_000 });
      const cache = createCache({
        service: 'calendar',
        redis,
        origin: postgresDomain({ name: 'shop', pool: shop.pool }),
      });
      const entity = cache.aside<Day>({
        entity: 'day',
        ttl: ttl.profile,
        maxStaleness: 2_000,
        load: async () => ({ value: loaded, version: '7' }),
        encode: (day) => ({ iso: day.at.toISOString() }),
        decode: (payload) => ({ at: new Date((payload as { iso: string }).iso) }),
      });
      await cache.start();
      disposeAtEnd('A calendar', async () => {
        await cache.close();
        redis.disconnect();
      });
      await leased(cache);
      return entity;
    }),
  );
  for (const hit of [undefined, 'l2', 'l1']) {
    const read = await (hit === undefined ? days[0] : days[1])?.read('today');
    expect(read?.version).toBe('7');
    expect(read?.value).toEqual({ at });
    expect(read?.cache.hit).toBe(hit);
  }
  expect(JSON.parse((await shop.inspector.get('calendar:day:today')) ?? '')).toMatchObject({
    d: { iso: at.toISOString() },
  });
});

test('G10: a loaded value that decode refuses is an error with a code, and is cached nowhere', async () => {
  const refuse = () => {
    throw new TypeError('quantity is missing');
  };
  const { items, stock, cache } = await shop.replica({ item: { decode: refuse }, stock: { decode: refuse } });
  await shop.put('item', 'a', 1);
  await expect(items.get('a')).rejects.toMatchObject({
    code: 'FRESHET_INVALID_VALUE',
    retryable: false,
    cause: { message: 'quantity is missing' },
  });
  expect(await shop.inspector.get('shop:item:a')).toMatch(/^\{"lease"/);
  expect(cache.stats()['item']?.l1Entries).toBe(0);
  await expect(
    stock.write('a', (client) => client.query("insert into stock (id, quantity) values ('a', 1)")),
  ).rejects.toMatchObject({ code: 'FRESHET_INVALID_VALUE' });
  expect((await shop.pool.query('select from stock')).rowCount).toBe(0);
});
