import { eventually } from '@freshet/test-kit';
import { beforeAll, expect, test } from 'vitest';
import { Shop } from './shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open();
});

const rows = async (): Promise<unknown[]> => {
  const found = await shop.pool.query(
    `select service, entity, id_parts, version from freshet.invalidation_outbox
      where id_parts is null and applied_at is null`,
  );
  return found.rows;
};

const whole = { service: 'shop', entity: 'item', id_parts: null, version: '9223372036854775807' };

test('G5: a whole entity is invalidated through the outbox, and leaves every memory', async () => {
  const { items, cache } = await shop.replica();
  await shop.put('item', 'a', 1);
  await shop.settle();
  await items.getMany(['a', 'b']);
  expect(cache.stats()['item']?.l1Entries).toBe(2);
  await items.invalidateAll();
  expect(await rows()).toEqual([whole]);
  await shop.relay.drain();
  await eventually(() => cache.stats()['item']?.l1Entries === 0, { what: 'memory is empty' });
});

test('in a transaction of the caller it happens only with it', async () => {
  const { items } = await shop.replica();
  const client = await shop.pool.connect();
  try {
    await client.query('begin');
    await items.invalidateAll(client);
    await client.query('rollback');
    expect(await rows()).toEqual([]);
    await client.query('begin');
    await items.invalidateAll(client);
    await client.query('commit');
    expect(await rows()).toEqual([whole]);
  } finally {
    client.release();
  }
});
