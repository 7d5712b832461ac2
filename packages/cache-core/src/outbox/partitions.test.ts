import { expect, test } from 'vitest';
import { type OutboxDatabase, outboxDatabase } from '../../test/outbox-database.ts';

async function withPartitions(): Promise<OutboxDatabase> {
  const db = await outboxDatabase();
  await db.execute(`
    create table orders (id int, region text, primary key (id, region)) partition by list (region);
    create table orders_eu partition of orders for values in ('eu') partition by range (id);
    create table orders_eu_1 partition of orders_eu for values from (0) to (100)`);
  await db.cache('orders', 'order');
  return db;
}

test('writes through the parent and to a partition are caught, also by a session that replicates', async () => {
  const db = await withPartitions();
  await db.execute("set session_replication_role = 'replica'");
  await db.execute("insert into orders values (1, 'eu'); update orders_eu_1 set id = 2; delete from orders");
  expect((await db.summary()).toSorted()).toEqual([
    'delete order 2',
    'insert order 1',
    'update order 1',
    'update order 2',
  ]);
  expect(await db.problems()).toEqual([]);
});

test('a row that moves to another partition is deleted and inserted', async () => {
  const db = await withPartitions();
  await db.execute("create table orders_us partition of orders for values in ('us')");
  await db.execute("insert into orders values (1, 'eu')");
  await db.summary();
  await db.execute("update orders set region = 'us'");
  const moved = await db.invalidations();
  const [row] = await db.query<{ version: string }>('select version from orders');
  expect(moved.map(({ cause }) => cause).toSorted()).toEqual(['delete', 'insert']);
  expect(moved.find(({ cause }) => cause === 'insert')?.version).toBe(row?.version);
});

test.each(['orders', 'orders_eu', 'orders_eu_1'])('TRUNCATE of %s invalidates the entity', async (table) => {
  const db = await withPartitions();
  await db.execute(`truncate ${table}`);
  expect(await db.summary()).toContain('truncate order *');
});

test('a partition that came later has row triggers at once, and the one for TRUNCATE when registered again', async () => {
  const db = await withPartitions();
  await db.execute(`create table orders_us partition of orders for values in ('us');
    create table orders_asia (region text not null, version bigint not null, id int not null);
    alter table orders attach partition orders_asia for values in ('asia')`);
  await db.execute("set session_replication_role = 'replica'");
  await db.execute("insert into orders_us values (1, 'us'); insert into orders_asia values ('asia', 0, 2)");
  expect(await db.summary()).toEqual(['insert order 1', 'insert order 2']);
  const [problem, ...others] = await db.problems();
  expect(others).toEqual([]);
  expect(problem).toMatch(
    /^trigger zzz_freshet_truncated_\w+ on public\.orders_asia is missing; .*orders_us is missing$/,
  );
  await db.cache('orders', 'order');
  expect(await db.problems()).toEqual([]);
  await db.summary();
  await db.execute('truncate orders_us');
  expect(await db.summary()).toEqual(['truncate order *']);
});

test('a trigger that was switched off on one partition is reported', async () => {
  const db = await withPartitions();
  await db.execute('alter table orders_eu_1 disable trigger user');
  expect((await db.problems()).join()).toContain('on public.orders_eu_1 is disabled');
});
