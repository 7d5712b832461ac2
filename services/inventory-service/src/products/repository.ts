import type { Version } from '@freshet/cache-core';
import { type Selectable, sql } from 'kysely';
import type { Database, Tables } from '../database.ts';
import type { Product, ProductBody } from './schema.ts';

const columns = ['id', 'name', 'description', 'price_cents', 'version', 'updated_at'] as const;

function toProduct(row: Selectable<Tables['products']>): Product {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    priceCents: row.price_cents,
    version: row.version,
    updatedAt: row.updated_at.toISOString(),
  };
}

export async function findProduct(database: Database, id: string): Promise<Product | null> {
  const row = await database.selectFrom('products').select(columns).where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toProduct(row);
}

/** The row's version, or null without a row. Locks it until the transaction ends: what was checked is what is changed. */
export async function lockProduct(database: Database, id: string): Promise<Version | null> {
  const row = await database
    .selectFrom('products')
    .select('version')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row?.version ?? null;
}

/** Keeps a product from being deleted until the transaction ends. Answers whether there is one. */
export async function holdProduct(database: Database, id: string): Promise<boolean> {
  const row = await database
    .selectFrom('products')
    .select('id')
    .where('id', '=', id)
    .forKeyShare()
    .executeTakeFirst();
  return row !== undefined;
}

/** Answers null when there is one by now: another transaction was faster. */
export async function insertProduct(
  database: Database,
  id: string,
  body: ProductBody,
): Promise<Product | null> {
  const { name, description, priceCents } = body;
  const row = await database
    .insertInto('products')
    .values({ id, name, description, price_cents: priceCents })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning(columns)
    .executeTakeFirst();
  return row === undefined ? null : toProduct(row);
}

export async function updateProduct(database: Database, id: string, body: ProductBody): Promise<Product> {
  const { name, description, priceCents } = body;
  const row = await database
    .updateTable('products')
    .set({ name, description, price_cents: priceCents, updated_at: sql`clock_timestamp()` })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow();
  return toProduct(row);
}

/** Its stock goes with it: `on delete cascade`. */
export async function deleteProduct(database: Database, id: string): Promise<void> {
  await database.deleteFrom('products').where('id', '=', id).execute();
}
