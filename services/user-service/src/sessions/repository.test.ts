import { createLogger, kyselyOnPool, migrate, openPool } from '@freshet/service-kit';
import { createDatabase, disposeAtEnd } from '@freshet/test-kit';
import { expect, it } from 'vitest';
import type { Tables } from '../database.ts';
import { deleteExpiredSessions } from './repository.ts';

it('deletes expired sessions, a few at a time, and no others', async () => {
  const log = createLogger({ service: 'user-service', instance: 'test', level: 'fatal' });
  const { url } = await createDatabase();
  await migrate({ url, folder: new URL('../migrations/', import.meta.url), log });
  const pool = await openPool({ url, applicationName: 'test', log });
  disposeAtEnd('pool', () => pool.end());
  await pool.query(
    `insert into users (id, name, email) values (gen_random_uuid(), 'Ada', 'ada@example.com')`,
  );
  await pool.query(`
    insert into sessions (id, user_id, created_at, expires_at)
    select gen_random_uuid(), users.id, now(), now() + make_interval(hours => hour)
      from users, generate_series(-3, 3) as hour where hour <> 0`);

  const database = kyselyOnPool<Tables>(pool);
  expect(await deleteExpiredSessions(database, 2)).toBe(2);
  expect(await deleteExpiredSessions(database, 2)).toBe(1);
  expect(await deleteExpiredSessions(database, 2)).toBe(0);
  const { rows } = await pool.query(
    'select count(*) filter (where expires_at > now()) as alive from sessions',
  );
  expect(rows).toEqual([{ alive: '3' }]);
});
