import { cacheTable, installOutbox } from '@freshet/cache-core';
import { type Kysely, sql } from 'kysely';

/** `cacheTable` adds the column `version` and the triggers that draw it and tell the caches. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const execute = (text: string) => sql.raw(text).execute(db);
  await installOutbox(execute, { domain: 'user' });

  await sql`
    create table users (
      id uuid primary key,
      name text not null,
      email text not null,
      avatar_url text,
      updated_at timestamptz not null default clock_timestamp()
    )`.execute(db);
  // "C": addresses are ASCII, and must fold alike whatever the server's locale.
  await sql`create unique index users_email on users (lower(email collate "C"))`.execute(db);
  await cacheTable(execute, { table: 'users', service: 'user', entity: 'profile', idColumns: ['id'] });
}
