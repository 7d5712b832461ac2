import { createDatabase, disposeAtEnd } from '@freshet/test-kit';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createPool, migrate } from '../src/index.ts';

const log = pino({ enabled: false });
const folder = new URL('./fixtures/migrations/', import.meta.url);

test('several processes may migrate at once: each migration runs once', async () => {
  const { url } = await createDatabase();
  await Promise.all(Array.from({ length: 4 }, () => migrate({ url, folder, log })));
  const pool = createPool({ url, applicationName: 'test', log });
  disposeAtEnd('pool', () => pool.end());
  const { rows } = await pool.query('select name from kysely_migration order by name');
  expect(rows).toEqual([{ name: '0001-things' }, { name: '0002-names' }]);
  await pool.query(`insert into things (id, name) values (1, 'a')`);
});

test('waiting for another migrator is not cut short by the limits of requests', async () => {
  const { url } = await createDatabase();
  const pool = createPool({ url, applicationName: 'test', log });
  disposeAtEnd('pool', () => pool.end());
  await pool.query('create table seen (limit_ms text)');
  await migrate({ url, folder: new URL('./fixtures/watching-migrations/', import.meta.url), log });
  expect((await pool.query('select limit_ms from seen')).rows).toEqual([{ limit_ms: '10min' }]);
});

test('a migration that fails leaves nothing behind', async () => {
  const { url } = await createDatabase();
  const broken = new URL('./fixtures/broken-migrations/', import.meta.url);
  await expect(migrate({ url, folder: broken, log })).rejects.toMatchObject({ code: 'FRESHET_MIGRATION' });
  const pool = createPool({ url, applicationName: 'test', log });
  disposeAtEnd('pool', () => pool.end());
  expect((await pool.query(`select to_regclass('half') as half`)).rows).toEqual([{ half: null }]);
});
