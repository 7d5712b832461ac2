import { createDatabase, disposeAtEnd } from '@freshet/test-kit';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { outboxDatabase } from '../../test/outbox-database.ts';
import { cacheTable, installOutbox, uninstallOutbox } from './install.ts';

test('installing again changes nothing, and keeps what is there', async () => {
  const db = await outboxDatabase();
  await db.execute('create table items (id text primary key)');
  await db.cache('items', 'item');
  await db.execute("insert into items values ('a')");
  const before = await db.query('select last_value from freshet.version_seq');
  await installOutbox(db.execute, { domain: 'shop' });
  expect(await db.query('select last_value from freshet.version_seq')).toEqual(before);
  expect(await db.query('select * from freshet.domain')).toEqual([{ name: 'shop' }]);
  expect(await db.problems()).toEqual([]);
  await db.execute("update items set id = 'b'");
  expect((await db.summary()).toSorted()).toEqual(['insert item a', 'update item a', 'update item b']);
});

test('installing again brings an older schema up to date, and keeps its rows', async () => {
  const db = await outboxDatabase();
  await db.execute('alter table freshet.blessing drop column confirmed_at');
  await db.execute('alter table freshet.invalidation_outbox drop column log_id, drop column appended_at');
  await db.execute(`insert into freshet.blessing
    (number, history, origin, lease_ms, max_staleness_ms, strong_transaction_ms, recorded_by)
    values (1, 'history', 'origin', 1, 1, 1, 'relay')`);
  await installOutbox(db.execute, { domain: 'shop' });
  expect(
    await db.query('select number, confirmed_at is not null as confirmed from freshet.blessing'),
  ).toEqual([{ number: '1', confirmed: true }]);
  expect(await db.query('select log_id, appended_at from freshet.invalidation_outbox')).toEqual([]);
});

test('a database belongs to one domain', async () => {
  const db = await outboxDatabase();
  await expect(installOutbox(db.execute, { domain: 'other' })).rejects.toMatchObject({ code: '55000' });
  await expect(installOutbox(db.execute, { domain: 'no:name' })).rejects.toMatchObject({
    code: 'FRESHET_INVALID_OPTIONS',
  });
});

test('uninstalling leaves nothing but the columns, and can be repeated', async () => {
  const db = await outboxDatabase();
  await db.execute('create table items (id text primary key)');
  await db.cache('items', 'item');
  await uninstallOutbox(db.execute);
  await uninstallOutbox(db.execute);
  await db.execute("insert into items values ('a')");
  expect(await db.query('select from pg_trigger where not tgisinternal')).toEqual([]);
});

test('a later install draws higher versions than the one before, and counts older applied_no as purged', async () => {
  const db = await outboxDatabase();
  const state = async (): Promise<bigint[]> => {
    const [row] = await db.query<Record<string, string>>(
      "select nextval('freshet.version_seq') as version, nextval('freshet.applied_no_seq') as applied, highest_applied_no as purged from freshet.purge",
    );
    return Object.values(row ?? {}).map(BigInt);
  };
  const [version = 0n, applied = 0n, purged = 0n] = await state();
  expect(applied).toBeGreaterThan(purged);
  await uninstallOutbox(db.execute);
  await installOutbox(db.execute, { domain: 'shop' });
  const [laterVersion = 0n, laterApplied = 0n, laterPurged = 0n] = await state();
  expect(laterVersion).toBeGreaterThan(version);
  expect(laterPurged).toBeGreaterThan(applied);
  expect(laterApplied).toBeGreaterThan(laterPurged);
});

test('both sequences hand out one number at a time', async () => {
  const db = await outboxDatabase();
  expect(
    await db.query(
      "select sequencename, cache_size from pg_sequences where schemaname = 'freshet' and sequencename in ('version_seq', 'applied_no_seq') order by 1",
    ),
  ).toEqual([
    { sequencename: 'applied_no_seq', cache_size: '1' },
    { sequencename: 'version_seq', cache_size: '1' },
  ]);
});

test('a role that owns a database, and is no superuser, can install and register', async () => {
  const admin = await outboxDatabase();
  const role = `owner_${Math.random().toString(36).slice(2)}`;
  await admin.execute(`create role ${role} login password 'secret'`);
  disposeAtEnd('Role', () => admin.execute(`drop role ${role}`));
  const database = await createDatabase();
  await admin.execute(`alter database ${database.name} owner to ${role}`);
  const url = Object.assign(new URL(database.url), { username: role, password: 'secret' }).href;
  const client = new Client(url);
  await client.connect();
  disposeAtEnd('Connection', () => client.end());
  const execute = (sql: string): Promise<unknown> => client.query(sql);
  await installOutbox(execute, { domain: 'shop' });
  await execute('create schema app; create table app.items (id int primary key)');
  await cacheTable(execute, { table: 'app.items', service: 'shop', entity: 'item', idColumns: ['id'] });
  await execute('insert into app.items values (1)');
  const { rows } = await client.query('select id_parts from freshet.invalidation_outbox');
  expect(rows).toEqual([{ id_parts: ['1'] }]);
});
