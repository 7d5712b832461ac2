import { createDatabase, disposeAtEnd } from '@freshet/test-kit';
import { sql } from 'kysely';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { kyselyOn, kyselyOnPool } from './kysely.ts';
import { openPool } from './open-database.ts';

interface Tables {
  things: { id: string; name: string };
}
type Pool = Awaited<ReturnType<typeof openPool>>;

let pool: Pool;

beforeEach(async () => {
  const { url } = await createDatabase();
  pool = await openPool({ url, size: 2, applicationName: 'test', log: pino({ enabled: false }) });
  disposeAtEnd('pool', () => pool.end());
  await pool.query('create table things (id int8 primary key, name text not null)');
});

test('on a client, queries are part of its transaction', async () => {
  const client = await pool.connect();
  await client.query('begin');
  const db = kyselyOn<Tables>(client);
  const inserted = await db
    .insertInto('things')
    .values({ id: '1', name: 'a' })
    .returningAll()
    .executeTakeFirst();
  expect(inserted).toEqual({ id: '1', name: 'a' });
  const updated = await db.updateTable('things').set({ name: 'b' }).where('id', '=', '1').executeTakeFirst();
  expect(updated.numUpdatedRows).toBe(1n);
  const onPool = kyselyOnPool<Tables>(pool);
  expect(await onPool.selectFrom('things').selectAll().execute()).toEqual([]);
  await client.query('rollback');
  client.release();
  expect(await onPool.selectFrom('things').selectAll().execute()).toEqual([]);
});

test('on a client, it neither begins nor releases', async () => {
  const client = await pool.connect();
  await client.query('begin');
  const db = kyselyOn<Tables>(client);
  let begun = false;
  const transaction = db.transaction().execute(async () => {
    begun = true;
  });
  await expect(transaction).rejects.toThrow(/do not begin or end one/);
  expect(begun).toBe(false);
  const { rows } = await sql<{ now: string }>`select now()::text as now`.execute(db);
  await db.destroy();
  const again = await client.query<{ now: string }>('select now()::text as now');
  expect(again.rows).toEqual(rows);
  await client.query('commit');
  client.release();
});

test('on a client, errors are those of the driver', async () => {
  const client = await pool.connect();
  const db = kyselyOn<Tables>(client);
  const row = { id: '1', name: 'a' };
  await db.insertInto('things').values(row).execute();
  await expect(db.insertInto('things').values(row).execute()).rejects.toMatchObject({ code: '23505' });
  client.release();
});
