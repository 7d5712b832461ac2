import { installOutbox } from '@freshet/cache-core';
import { createDatabase, disposeAtEnd } from '@freshet/test-kit';
import { Pool } from 'pg';
import { expect, test, vi } from 'vitest';
import { OriginVersions } from './origin-versions.ts';

test('one id that its column cannot hold costs a few statements more, and no other id its answer', async () => {
  const database = await createDatabase();
  const pool = new Pool({ connectionString: database.url, max: 1 });
  disposeAtEnd('pool', () => pool.end());
  await installOutbox((sql) => pool.query(sql), { domain: 'user' });
  await pool.query(`
    create table counters (id int primary key);
    select freshet.cache_table('counters', 'user', 'counter', array['id']);
    insert into counters select generate_series(0, 63)`);
  const query = vi.spyOn(pool, 'query');
  const ids = Array.from({ length: 64 }, (_, n) => [n === 17 ? '99999999999' : String(n)]);
  const versions = await new OriginVersions(pool).read('user', 'counter', ids);
  expect(versions.flatMap((version, n) => ('unknown' in version ? [n] : []))).toEqual([17]);
  expect(versions.filter((version) => 'version' in version && version.version !== null)).toHaveLength(63);
  // Of the table, of all ids, and of both halves of each half that it is in.
  expect(query).toHaveBeenCalledTimes(1 + 1 + 2 * 6);
});
