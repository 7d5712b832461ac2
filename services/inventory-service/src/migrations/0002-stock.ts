import { cacheTable } from '@freshet/cache-core';
import { type Kysely, sql } from 'kysely';

/** The check on `quantity` is the last line of defence: nothing, `psql` included, can oversell. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const execute = (text: string) => sql.raw(text).execute(db);

  await sql`
    create table stock (
      product_id text collate "C" primary key references products on delete cascade,
      quantity integer not null check (quantity >= 0),
      updated_at timestamptz not null default clock_timestamp()
    )`.execute(db);
  await cacheTable(execute, {
    table: 'stock',
    service: 'inventory',
    entity: 'stock',
    idColumns: ['product_id'],
  });
}
