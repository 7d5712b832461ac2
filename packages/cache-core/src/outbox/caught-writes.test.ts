import { describe, expect, test } from 'vitest';
import { type OutboxDatabase, outboxDatabase } from '../../test/outbox-database.ts';
import { uncacheTable } from './install.ts';

async function withItems(): Promise<OutboxDatabase> {
  const db = await outboxDatabase();
  await db.execute('create table items (id text primary key, name text)');
  await db.cache('items', 'item');
  return db;
}

describe('every write to a cached table reaches the outbox', () => {
  test('INSERT, UPDATE, DELETE, each row of a statement', async () => {
    const db = await withItems();
    await db.execute("insert into items values ('a', '1'), ('b', '1')");
    expect(await db.summary()).toEqual(['insert item a', 'insert item b']);
    await db.execute("update items set name = '2'");
    expect(await db.summary()).toEqual(['update item a', 'update item b']);
    await db.execute("delete from items where id = 'a'");
    expect(await db.summary()).toEqual(['delete item a']);
  });

  test('an UPDATE that changes nothing, too', async () => {
    const db = await withItems();
    await db.execute("insert into items values ('a', '1'); update items set name = name");
    expect(await db.summary()).toEqual(['insert item a', 'update item a']);
  });

  test('an UPDATE of the id writes both ids', async () => {
    const db = await withItems();
    await db.execute("insert into items values ('a', '1')");
    await db.summary();
    await db.execute("update items set id = 'b'");
    expect((await db.summary()).toSorted()).toEqual(['update item a', 'update item b']);
  });

  test('an UPDATE of the id to a spelling that its collation calls equal writes both ids', async () => {
    const db = await outboxDatabase();
    await db.execute(`create extension citext;
      create table words (id citext primary key);
      create collation no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table names (id text collate no_case primary key)`);
    await db.cache('words', 'word');
    await db.cache('names', 'name');
    await db.execute("insert into words values ('a'); insert into names values ('b')");
    await db.summary();
    await db.execute("update words set id = 'A'; update names set id = 'B'");
    expect((await db.summary()).toSorted()).toEqual([
      'update name B',
      'update name b',
      'update word A',
      'update word a',
    ]);
  });

  test('INSERT … ON CONFLICT DO UPDATE, and DO NOTHING only when it did something', async () => {
    const db = await withItems();
    await db.execute("insert into items values ('a', '1')");
    await db.summary();
    await db.execute(
      "insert into items values ('a', '2') on conflict (id) do update set name = excluded.name",
    );
    expect(await db.summary()).toEqual(['update item a']);
    await db.execute("insert into items values ('a', '3') on conflict do nothing");
    expect(await db.summary()).toEqual([]);
  });

  test('MERGE and COPY', async () => {
    const db = await withItems();
    await db.execute("copy items (id, name) from program 'echo a,1' with (format csv)");
    expect(await db.summary()).toEqual(['insert item a']);
    await db.execute(`merge into items using (values ('a'), ('b')) as given (id) on given.id = items.id
      when matched then delete when not matched then insert values (given.id)`);
    expect((await db.summary()).toSorted()).toEqual(['delete item a', 'insert item b']);
  });

  test('cascades of a DELETE, of an UPDATE of the key, and SET NULL', async () => {
    const db = await withItems();
    await db.execute(`
      create table parts (id text primary key, item_id text references items on delete cascade on update cascade);
      create table notes (id text primary key, item_id text references items on delete set null)`);
    await db.cache('parts', 'part');
    await db.cache('notes', 'note');
    await db.execute(
      "insert into items values ('a', '1'), ('b', '1'); insert into parts values ('p', 'a'); insert into notes values ('n', 'b')",
    );
    await db.summary();
    await db.execute("update items set id = 'c' where id = 'a'");
    expect(await db.summary()).toContain('update part p');
    await db.execute('delete from items');
    expect((await db.summary()).toSorted()).toEqual([
      'delete item b',
      'delete item c',
      'delete part p',
      'update note n',
    ]);
  });

  test('TRUNCATE, also by cascade, invalidates the whole entity', async () => {
    const db = await withItems();
    await db.execute('create table parts (id text primary key, item_id text references items)');
    await db.cache('parts', 'part');
    await db.execute('truncate items cascade');
    expect(await db.invalidations()).toEqual([
      { entity: 'item', idParts: null, version: '9223372036854775807', cause: 'truncate' },
      { entity: 'part', idParts: null, version: '9223372036854775807', cause: 'truncate' },
    ]);
  });

  test('a session that replicates, as logical replication does when it applies', async () => {
    const db = await withItems();
    await db.execute("set session_replication_role = 'replica'");
    await db.execute("insert into items values ('a', '1'); update items set name = '2'; delete from items");
    await db.execute('truncate items');
    expect(await db.summary()).toEqual([
      'insert item a',
      'update item a',
      'delete item a',
      'truncate item *',
    ]);
  });

  test('a role that has no right on the schema freshet, whatever its search_path and its own objects are', async () => {
    const db = await withItems();
    const role = `role_${Math.random().toString(36).slice(2)}`;
    await db.execute(`create role ${role} login password 'secret';
      grant select, insert, update, delete, truncate on items to ${role};
      grant create on schema public to ${role}`);
    const client = await db.connect({ user: role, password: 'secret' });
    try {
      await expect(client.query("select nextval('freshet.version_seq')")).rejects.toMatchObject({
        code: '42501',
      });
      await client.query(`create function public.nextval(text) returns bigint return 0;
        create function public.lower(text) returns text return 'manual';
        set search_path = public, pg_catalog`);
      await client.query(
        "insert into items values ('a', '1'); update items set name = '2'; delete from items",
      );
      await client.query('truncate items');
      const written = await db.invalidations();
      expect(written.map(({ cause }) => cause)).toEqual(['insert', 'update', 'delete', 'truncate']);
      expect(written.map(({ version }) => version)).not.toContain('0');
    } finally {
      await db.execute(`drop owned by ${role} cascade; drop role ${role}`);
    }
  });

  test('what another trigger made of the row', async () => {
    const db = await withItems();
    await db.execute(`
      create function rename() returns trigger language plpgsql as $$
        begin new.id := new.id || '!'; new.version := 5; return new; end $$;
      create trigger zz_rename before insert or update on items for each row execute function rename()`);
    await db.execute("insert into items values ('a', '1')");
    const [row] = await db.query<{ version: string }>('select version from items');
    expect(await db.invalidations()).toEqual([
      { entity: 'item', idParts: ['a!'], version: row?.version, cause: 'insert' },
    ]);
    expect(row?.version).not.toBe('5');
  });

  test('several entities of one table, and those alone that are still registered', async () => {
    const db = await withItems();
    await db.cache('items', 'item-by-name', ['name']);
    await db.execute("insert into items values ('a', 'n')");
    expect((await db.summary()).toSorted()).toEqual(['insert item a', 'insert item-by-name n']);
    await uncacheTable(db.execute, { table: 'items', service: 'shop', entity: 'item' });
    expect(await db.summary()).toEqual(['manual item *']);
    await db.execute("update items set name = 'm'");
    expect((await db.summary()).toSorted()).toEqual(['update item-by-name m', 'update item-by-name n']);
    expect(await db.problems()).toEqual([]);
  });
});

describe('what is not written', () => {
  test('a row whose id is null in any part, as no reader can ask for it; the known side of a change is', async () => {
    const db = await outboxDatabase();
    await db.execute('create table slots (a text, b text)');
    await db.cache('slots', 'slot', ['a', 'b']);
    await db.execute("insert into slots values ('1', null); update slots set a = '2'");
    expect(await db.summary()).toEqual([]);
    await db.execute("update slots set b = 'x'");
    expect(await db.summary()).toEqual(['update slot 2,x']);
    await db.execute('update slots set b = null');
    expect(await db.summary()).toEqual(['update slot 2,x']);
    await db.execute('delete from slots');
    expect(await db.summary()).toEqual([]);
  });

  test('what was rolled back, to a savepoint or altogether', async () => {
    const db = await withItems();
    await db.execute("begin; insert into items values ('a', '1'); rollback");
    await db.execute(
      "begin; insert into items values ('b', '1'); savepoint s; insert into items values ('c', '1'); rollback to s; commit",
    );
    expect(await db.summary()).toEqual(['insert item b']);
  });
});

describe('ids travel as Postgres prints them', () => {
  test.each([
    ['uuid', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['int', '-7', '-7'],
    ['smallint', '7', '7'],
    ['bigint', '9223372036854775806', '9223372036854775806'],
    ['text', "'a:b{c}\"\\ü\n'", 'a:b{c}"\\ü\n'],
    ['varchar(40)', "'NULL'", 'NULL'],
    ['lower_text', "'x@example.com'", 'x@example.com'],
    ['colour', "'dark red'", 'dark red'],
  ])('%s', async (type, value, printed) => {
    const db = await outboxDatabase();
    await db.execute(`create domain lower_text as varchar check (value = lower(value));
      create type colour as enum ('dark red');
      create table things (id ${type} primary key)`);
    await db.cache('things', 'thing');
    await db.execute(`insert into things values (${value})`);
    expect((await db.invalidations())[0]?.idParts).toEqual([printed]);
    const [row] = await db.query<{ id: string | number }>('select id from things');
    expect(String(row?.id)).toBe(printed);
  });

  test('of several columns, in the order in which they were registered', async () => {
    const db = await outboxDatabase();
    await db.execute('create table prices (product text, region int, primary key (region, product))');
    await db.cache('prices', 'price', ['product', 'region']);
    await db.execute("insert into prices values ('p', 1); update prices set region = 2");
    expect((await db.summary()).toSorted()).toEqual([
      'insert price p,1',
      'update price p,1',
      'update price p,2',
    ]);
  });
});
