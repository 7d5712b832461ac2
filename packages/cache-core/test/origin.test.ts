import { postgresDomain } from '@freshet/cache-core';
import { startFaultProxy } from '@freshet/test-kit';
import { beforeAll, describe, expect, test } from 'vitest';
import { openPool, Shop } from './shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open();
});

describe('a transaction', () => {
  test('commits what its work did, and gives back what it returned', async () => {
    const origin = postgresDomain({ name: 'shop', pool: shop.pool });
    const result = await origin.transaction(async (client) => {
      await client.query("insert into item values ('committed', 1)");
      return 'done';
    });
    expect(result).toBe('done');
    expect(await rows('committed')).toBe(1);
  });

  test('whose work throws is rolled back', async () => {
    const origin = postgresDomain({ name: 'shop', pool: shop.pool });
    const failing = origin.transaction(async (client) => {
      await client.query("insert into item values ('thrown', 1)");
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await rows('thrown')).toBe(0);
  });

  test('G11: whose work hides a database error is not reported as committed', async () => {
    const origin = postgresDomain({ name: 'shop', pool: shop.pool });
    const hiding = origin.transaction(async (client) => {
      await client.query("insert into item values ('hidden', 1)");
      await client.query('select 1 / 0').catch(() => {});
    });
    await expect(hiding).rejects.toMatchObject({ code: 'FRESHET_ROLLED_BACK' });
    expect(await rows('hidden')).toBe(0);
  });

  test('whose COMMIT is refused says why', async () => {
    await shop.pool.query('create table ref (id text references item deferrable initially deferred)');
    const origin = postgresDomain({ name: 'shop', pool: shop.pool });
    const refused = origin.transaction((client) => client.query("insert into ref values ('nowhere')"));
    await expect(refused).rejects.toMatchObject({ code: '23503' });
  });

  test('whose connection breaks before COMMIT fails, and gives its connection up', async () => {
    const pool = openPool(shop.databaseUrl);
    const origin = postgresDomain({ name: 'shop', pool });
    const broken = origin.transaction(async (client) => {
      await client.query("insert into item values ('broken', 1)");
      const { rows: found } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await shop.pool.query('select pg_terminate_backend($1)', [found[0]?.pid]);
      await client.query('select 1');
    });
    // Postgres' own word, or, where that has arrived before the next statement is sent, pg's.
    await expect(broken).rejects.toThrow(/terminating connection|connection error/);
    expect(await rows('broken')).toBe(0);
    expect(pool.totalCount).toBe(0);
  });

  test('G11: whose answer to COMMIT is lost has an unknown outcome', async () => {
    const proxy = await startFaultProxy({ url: shop.databaseUrl });
    const pool = openPool(proxy.url);
    const origin = postgresDomain({ name: 'shop', pool });
    const lost = origin.transaction(async (client) => {
      await client.query("insert into item values ('lost', 1)");
      const stopWatching = proxy.watch((chunk) => {
        if (!chunk.includes('commit\0')) return;
        stopWatching();
        proxy.cut();
      });
    });
    await expect(lost).rejects.toMatchObject({ code: 'FRESHET_COMMIT_UNKNOWN', retryable: false });
    expect(proxy.stats().cut).toBe(1);
  });
});

async function rows(id: string): Promise<number | null> {
  return (await shop.pool.query('select from item where id = $1', [id])).rowCount;
}
