import { type Selectable, sql } from 'kysely';
import type { Database, Tables } from '../database.ts';
import type { Stock } from './schema.ts';

const columns = ['product_id', 'quantity', 'version', 'updated_at'] as const;

function toStock(row: Selectable<Tables['stock']>): Stock {
  return {
    productId: row.product_id,
    quantity: row.quantity,
    version: row.version,
    updatedAt: row.updated_at.toISOString(),
  };
}

export async function findStock(database: Database, productId: string): Promise<Stock | null> {
  const row = await database
    .selectFrom('stock')
    .select(columns)
    .where('product_id', '=', productId)
    .executeTakeFirst();
  return row === undefined ? null : toStock(row);
}

/** Locks the row until the transaction ends: what was checked is what is changed. */
export async function lockStock(database: Database, productId: string): Promise<Stock | null> {
  const row = await database
    .selectFrom('stock')
    .select(columns)
    .where('product_id', '=', productId)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? null : toStock(row);
}

/** Answers null when there is a row by now: another transaction was faster. */
export async function insertStock(
  database: Database,
  productId: string,
  quantity: number,
): Promise<Stock | null> {
  const row = await database
    .insertInto('stock')
    .values({ product_id: productId, quantity })
    .onConflict((conflict) => conflict.column('product_id').doNothing())
    .returning(columns)
    .executeTakeFirst();
  return row === undefined ? null : toStock(row);
}

export async function updateStock(database: Database, productId: string, quantity: number): Promise<Stock> {
  const row = await database
    .updateTable('stock')
    .set({ quantity, updated_at: sql`clock_timestamp()` })
    .where('product_id', '=', productId)
    .returning(columns)
    .executeTakeFirstOrThrow();
  return toStock(row);
}

export async function deleteStock(database: Database, productId: string): Promise<void> {
  await database.deleteFrom('stock').where('product_id', '=', productId).execute();
}
