import { eventually } from '@freshet/test-kit';
import { describe, expect, test } from 'vitest';
import { type OutboxDatabase, outboxDatabase } from '../../test/outbox-database.ts';
import { deletionVersion } from './deletion-version.ts';

async function withItem(): Promise<OutboxDatabase> {
  const db = await outboxDatabase();
  await db.execute('create table items (id text primary key, name text)');
  await db.cache('items', 'item');
  await db.execute("insert into items values ('a', '1')");
  return db;
}

async function version(db: OutboxDatabase): Promise<bigint> {
  const [row] = await db.query<{ version: string }>("select version from items where id = 'a'");
  return BigInt(row?.version ?? -1);
}

/** Starts a statement of which another transaction holds the row, and waits until it waits. */
async function startAndBlock(db: OutboxDatabase, sql: string): Promise<{ finished: Promise<unknown> }> {
  const client = await db.connect();
  const [backend] = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
  const finished = client.query(sql);
  await eventually(
    async () =>
      (await db.query('select from pg_locks where pid = $1 and not granted', [backend?.pid])).length > 0,
    { what: `this waits for a lock: ${sql}` },
  );
  return { finished };
}

describe('versions grow in commit order while a row lives', () => {
  test.each([
    ['an UPDATE', "update items set name = '3' where id = 'a'"],
    [
      'an upsert',
      "insert into items (id, name, version) values ('a', '3', 7) on conflict (id) do update set name = excluded.name, version = excluded.version",
    ],
    [
      'a MERGE',
      "merge into items using (values ('a')) as g (id) on g.id = items.id when matched then update set name = '3'",
    ],
  ])('%s that waited for the row draws after it got it', async (_, sql) => {
    const db = await withItem();
    await db.execute("begin; update items set name = '1' where id = 'a'");
    const { finished } = await startAndBlock(db, sql);
    await db.execute("update items set name = '2' where id = 'a'");
    const before = await version(db);
    await db.execute('commit');
    await finished;
    expect(await version(db)).toBeGreaterThan(before);
  });

  test('a DELETE that waited for the row draws after it got it', async () => {
    const db = await withItem();
    await db.execute("begin; update items set name = '1' where id = 'a'");
    const { finished } = await startAndBlock(db, "delete from items where id = 'a'");
    await db.execute("update items set name = '2' where id = 'a'");
    const before = await version(db);
    await db.execute('commit');
    await finished;
    const deletion = (await db.invalidations()).find(({ cause }) => cause === 'delete');
    expect(BigInt(deletion?.version ?? -1)).toBeGreaterThan(before);
  });
});

test('the outbox carries the version of the row', async () => {
  const db = await withItem();
  await db.execute("update items set name = '2'");
  expect((await db.invalidations()).at(-1)?.version).toBe(String(await version(db)));
});

test('a statement cannot choose the version', async () => {
  const db = await withItem();
  const before = await version(db);
  await db.execute('update items set version = 1');
  expect(await version(db)).toBeGreaterThan(before);
  await db.execute("delete from items; insert into items (id, version) values ('a', 1)");
  expect(await version(db)).toBeGreaterThan(before);
});

test('rows that were there before have version 0, which every invalidation removes', async () => {
  const db = await outboxDatabase();
  await db.execute("create table items (id text primary key); insert into items values ('a')");
  await db.cache('items', 'item');
  expect(await version(db)).toBe(0n);
});

test('deletionVersion is never lower than what the DELETE wrote', async () => {
  const db = await withItem();
  const client = await db.connect();
  await client.query('begin');
  await client.query('delete from items');
  const answered = await deletionVersion(client);
  await client.query('commit');
  const deletion = (await db.invalidations()).find(({ cause }) => cause === 'delete');
  expect(BigInt(answered)).toBeGreaterThanOrEqual(BigInt(deletion?.version ?? -1));
});
