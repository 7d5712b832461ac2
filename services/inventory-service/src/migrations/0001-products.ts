import { cacheTable, installOutbox } from '@freshet/cache-core';
import { type Kysely, sql } from 'kysely';

/** `cacheTable` adds the column `version` and the triggers that draw it and tell the caches. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const execute = (text: string) => sql.raw(text).execute(db);
  await installOutbox(execute, { domain: 'inventory' });

  await sql`
    create table products (
      id text collate "C" primary key,
      name text not null,
      description text not null,
      price_cents integer not null check (price_cents >= 0),
      updated_at timestamptz not null default clock_timestamp()
    )`.execute(db);
  await cacheTable(execute, {
    table: 'products',
    service: 'inventory',
    entity: 'product',
    idColumns: ['id'],
  });
}
