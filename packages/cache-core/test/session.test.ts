import { deletionVersion } from '@freshet/cache-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Replica, Shop } from './shop.ts';

let shop: Shop;
let id: string;
let next = 0;

beforeAll(async () => {
  shop = await Shop.open();
});

beforeEach(() => {
  id = `session-${next++}`;
});

/** Two replicas that hold what is there now in memory and L2; the relay says nothing of what changes from here on. */
async function warm(): Promise<[Replica, Replica]> {
  await shop.settle();
  const replicas: [Replica, Replica] = [await shop.replica(), await shop.replica()];
  for (const { items } of replicas) {
    await items.get(id);
    expect((await items.read(id)).cache.hit).toBe('l1');
  }
  return replicas;
}

async function remove(): Promise<string> {
  const client = await shop.pool.connect();
  try {
    await client.query('begin');
    await client.query('delete from item where id = $1', [id]);
    const version = await deletionVersion(client);
    await client.query('commit');
    return version;
  } finally {
    client.release();
  }
}

describe('G3: whoever passes the version that they wrote', () => {
  test('does not see what they deleted, from any layer', async () => {
    await shop.put('item', id, 1);
    const [one, two] = await warm();
    const version = await remove();
    expect(await one.items.get(id)).toMatchObject({ quantity: 1 }); // without it: within the bound
    for (const { items } of [one, two]) {
      expect(await items.read(id, { minVersion: version })).toMatchObject({
        value: null,
        version: '0',
        cache: { fwd: 'request' },
      });
      expect(await items.readMany([id], { minVersion: version })).toMatchObject([{ value: null }]);
    }
  });

  test('sees what they inserted, though "not found" is cached', async () => {
    const replicas = await warm();
    const version = await shop.put('item', id, 1);
    for (const { items } of replicas) {
      expect(await items.get(id)).toBeNull();
      expect(await items.read(id, { minVersion: version })).toMatchObject({
        value: { quantity: 1 },
        version,
      });
      expect(await items.readMany([id], { minVersion: version })).toMatchObject([{ version }]);
    }
  });

  test('sees what they inserted anew after a deletion', async () => {
    await shop.put('item', id, 1);
    const [one] = await warm();
    const deleted = await remove();
    await one.items.read(id, { minVersion: deleted });
    const version = await shop.put('item', id, 2);
    expect(await one.items.read(id, { minVersion: version })).toMatchObject({
      value: { quantity: 2 },
      version,
    });
    expect(await one.items.read(id, { minVersion: deleted })).toMatchObject({ value: { quantity: 2 } });
  });

  test('of a strong entity, that they deleted it through any replica', async () => {
    const [one, two] = [await shop.replica(), await shop.replica()];
    await one.stock.write(id, (client) =>
      client.query('insert into stock (id, quantity) values ($1, 1)', [id]),
    );
    await two.stock.get(id);
    const { version } = await one.stock.write(id, (client) =>
      client.query('delete from stock where id = $1', [id]),
    );
    expect(await two.stock.read(id, { minVersion: version })).toMatchObject({ value: null });
    expect(await two.stock.readMany([id], { minVersion: version })).toMatchObject([{ value: null }]);
  });
});
