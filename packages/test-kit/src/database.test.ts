import { Client, Pool } from 'pg';
import { expect, test } from 'vitest';
import { createDatabase } from './database.ts';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

test('each database is empty and its own', async () => {
  const [one, other] = await Promise.all([createDatabase(), createDatabase()]);
  await query(one.url, 'create table mine ()');
  expect(await query(one.url, "select count(*) from pg_tables where tablename = 'mine'")).toEqual(['1']);
  expect(await query(other.url, "select count(*) from pg_tables where tablename = 'mine'")).toEqual(['0']);
});

test('a database can be a copy of another one', async () => {
  const template = await createDatabase();
  await query(template.url, 'create table seeded as select 42 as answer');
  const copy = await createDatabase({ template: template.name });
  expect(await query(copy.url, 'select answer from seeded')).toEqual([42]);
});

test('dropping it twice is harmless', async () => {
  const database = await createDatabase();
  await database.drop();
  await database.drop();
  await expect(query(database.url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
});

test('a connection that was closed a moment ago is no leak', async () => {
  const database = await createDatabase();
  const pool = new Pool({ connectionString: database.url, max: 5 });
  await Promise.all(Array.from({ length: 5 }, () => pool.query('select pg_sleep(0)')));
  await expect(Promise.all([pool.end(), database.drop()])).resolves.toBeDefined();
});
