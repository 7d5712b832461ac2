import { describe, expect, test } from 'vitest';
import { type OutboxDatabase, outboxDatabase } from '../../test/outbox-database.ts';
import { cacheTable, uncacheTable } from './install.ts';

async function withItems(): Promise<OutboxDatabase> {
  const db = await outboxDatabase();
  await db.execute('create table items (id int primary key, name text)');
  await db.cache('items', 'item');
  return db;
}

describe('cacheTable', () => {
  test('can be repeated, and says nothing to the caches then', async () => {
    const db = await withItems();
    await db.cache('items', 'item');
    expect(await db.problems()).toEqual([]);
    expect(await db.summary()).toEqual([]);
    await db.execute('insert into items values (1)');
    expect(await db.summary()).toEqual(['insert item 1']);
  });

  test('takes names as they are: other schemas, capitals, quotes, blanks, backslashes', async () => {
    const db = await outboxDatabase();
    await db.execute(`set standard_conforming_strings = off; create schema "My ""Shop""";
      create table "My ""Shop"""."Order's\\Line" ("Id' \\" int primary key, "select" text)`);
    const table = `"My ""Shop"""."Order's\\Line"`;
    await cacheTable(db.execute, { table, service: 'shop', entity: 'line', idColumns: ["Id' \\", 'select'] });
    expect(await db.problems()).toEqual([]);
    await db.execute(`insert into ${table} values (1, 'x')`);
    expect(await db.summary()).toEqual(['insert line 1,x']);
    await uncacheTable(db.execute, { table, service: 'shop', entity: 'line' });
    expect(await db.query('select from pg_trigger where not tgisinternal')).toEqual([]);
  });

  test('changes the id columns of a registered table, and keeps running sessions right', async () => {
    const db = await withItems();
    await db.execute("insert into items values (1, 'n')");
    await db.summary();
    await db.cache('items', 'item', ['name']);
    await db.execute("update items set name = 'm'");
    expect((await db.summary()).toSorted()).toEqual(['update item m', 'update item n']);
  });

  test.each([
    ['a type whose text depends on settings', 'timestamptz'],
    ['a type that prints equal values differently', 'numeric'],
    ['a padded type', 'char(3)'],
    ['an array', 'int[]'],
  ])('refuses an id column of %s', async (_, type) => {
    const db = await outboxDatabase();
    await db.execute(`create table things (id ${type})`);
    await expect(db.cache('things', 'thing')).rejects.toMatchObject({ code: '22023' });
    expect(
      await db.query("select from pg_attribute where attrelid = 'things'::regclass and attname = 'version'"),
    ).toEqual([]);
  });

  test('refuses what is missing or no table, and no id columns', async () => {
    const db = await withItems();
    await db.execute('create view seen as select * from items; create temp table gone_soon (id int)');
    await expect(db.cache('nothing', 'item')).rejects.toMatchObject({ code: '42P01' });
    await expect(db.cache('items', 'item', ['nothing'])).rejects.toMatchObject({ code: '22023' });
    await expect(db.cache('items', 'item', [])).rejects.toMatchObject({ code: '23514' });
    await expect(db.cache('seen', 'item')).rejects.toMatchObject({ code: '42809' });
    await expect(db.cache('gone_soon', 'item')).rejects.toMatchObject({ code: '42809' });
    await expect(db.cache('items', 'not:a name')).rejects.toMatchObject({ code: 'FRESHET_INVALID_OPTIONS' });
    expect(await db.problems()).toEqual([]);
  });

  test.each(['bigint', 'int not null', 'bigint not null generated always as (7) stored'])(
    'refuses a column version that is %s',
    async (type) => {
      const db = await outboxDatabase();
      await db.execute(`create table items (id int, version ${type})`);
      await expect(db.cache('items', 'item')).rejects.toMatchObject({ code: '22023' });
    },
  );

  test('does not lock out readers when it is repeated', async () => {
    const db = await withItems();
    const reader = await db.connect();
    await reader.query('begin; select from items');
    await db.execute("set lock_timeout = '10s'");
    await db.cache('items', 'item');
    await reader.query('commit');
    expect(await db.problems()).toEqual([]);
  });

  test('refuses versions that no invalidation would reach, and takes lower ones', async () => {
    const db = await outboxDatabase();
    await db.execute(
      'create table items (id int, version bigint not null); insert into items values (1, 9000000000000000000), (2, 17)',
    );
    await expect(db.cache('items', 'item')).rejects.toMatchObject({
      code: '55000',
      hint: 'update public.items set version = 0',
    });
    await db.execute('delete from items where id = 1');
    await db.cache('items', 'item');
    expect(await db.query('select version from items')).toEqual([{ version: '17' }]);
  });

  test('makes Postgres refuse to drop an id column or to change its type while the table is registered', async () => {
    const db = await withItems();
    await db.execute('insert into items values (1)');
    await expect(db.execute('alter table items alter id type bigint')).rejects.toMatchObject({
      code: '0A000',
    });
    await expect(db.execute('alter table items drop id')).rejects.toMatchObject({ code: '2BP01' });
    await uncacheTable(db.execute, { table: 'items', service: 'shop', entity: 'item' });
    await db.execute('alter table items alter id type bigint');
    await db.cache('items', 'item');
    await db.summary();
    await db.execute('update items set id = 5000000000');
    expect((await db.summary()).toSorted()).toEqual(['update item 1', 'update item 5000000000']);
  });
});

test('after an id column was renamed writes fail, rather than go unseen, until the table is registered again', async () => {
  const db = await withItems();
  await db.execute('insert into items values (1); alter table items rename id to number');
  await expect(db.execute('update items set number = 2')).rejects.toMatchObject({ code: '42703' });
  await db.cache('items', 'item', ['number']);
  expect(await db.problems()).toEqual([]);
  await db.summary();
  await db.execute('update items set number = 2');
  expect((await db.summary()).toSorted()).toEqual(['update item 1', 'update item 2']);
});

describe('uncacheTable', () => {
  test('takes back what cacheTable made, but for the column, and empties the caches', async () => {
    const db = await withItems();
    await uncacheTable(db.execute, { table: 'items', service: 'shop', entity: 'item' });
    expect(await db.summary()).toEqual(['manual item *']);
    await uncacheTable(db.execute, { table: 'items', service: 'shop', entity: 'item' });
    await db.execute('insert into items values (1); truncate items');
    expect(await db.summary()).toEqual([]);
    expect(await db.query('select from pg_trigger where not tgisinternal')).toEqual([]);
    expect(await db.query('select from freshet.cached_table')).toEqual([]);
  });

  test('forgets a table that was dropped', async () => {
    const db = await withItems();
    await db.execute('drop table items');
    await uncacheTable(db.execute, { table: 'items', service: 'shop', entity: 'item' });
    expect(await db.problems()).toEqual([]);
  });
});

describe('check_cached_tables', () => {
  const damages: [string, RegExp][] = [
    [
      'alter table items disable trigger user',
      /^trigger zzz_freshet_deleted_\w+ on public\.items is disabled; /,
    ],
    [
      'alter table items enable trigger zzz_freshet_version',
      /^trigger zzz_freshet_version on public\.items is not enabled always$/,
    ],
    [
      'alter table items enable replica trigger zzz_freshet_version',
      /^trigger zzz_freshet_version on public\.items is not enabled always$/,
    ],
    [
      'drop trigger zzz_freshet_version on items',
      /^trigger zzz_freshet_version on public\.items is missing$/,
    ],
    [
      `drop trigger zzz_freshet_version on items;
       create trigger zzz_freshet_version before insert on items for each row execute function freshet.draw_version();
       alter table items enable always trigger zzz_freshet_version`,
      /^trigger zzz_freshet_version on public\.items is altered$/,
    ],
    ['alter table items rename id to number', /^column id does not exist$/],
    ['alter table items rename version to revision', /^column version does not exist$/],
    ['alter table items alter version type int', /^column version is not a plain bigint not null$/],
    ['drop table items', /^the table was dropped$/],
    ['create table more_items () inherits (items)', /^tables that inherit from it are not caught$/],
  ];
  test.each(damages)('reports: %s', async (damage, problem) => {
    const db = await withItems();
    expect(await db.problems()).toEqual([]);
    await db.execute(damage);
    const [found, ...others] = await db.problems();
    expect(others).toEqual([]);
    expect(found).toMatch(problem);
  });

  test.each(damages.slice(0, 5))('registering again repairs, and empties the caches: %s', async (damage) => {
    const db = await withItems();
    await db.execute(damage);
    await db.cache('items', 'item');
    expect(await db.problems()).toEqual([]);
    expect(await db.summary()).toEqual(['manual item *']);
  });

  test('follows a table that was renamed or moved', async () => {
    const db = await withItems();
    await db.execute(
      'create schema warehouse; alter table items set schema warehouse; alter table warehouse.items rename to goods',
    );
    expect(await db.query('select * from freshet.check_cached_tables()')).toEqual([
      { table_name: 'warehouse.goods', service: 'shop', entity: 'item', problem: null },
    ]);
  });
});
