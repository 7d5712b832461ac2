import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { Summary } from './schema.ts';

export async function countInventory(database: Database): Promise<Summary> {
  const row = await database
    .selectFrom('products')
    .leftJoin('stock', 'stock.product_id', 'products.id')
    .select([
      sql<string>`count(*)`.as('products'),
      sql<string>`coalesce(sum(stock.quantity), 0)`.as('units'),
      sql<string>`count(*) filter (where coalesce(stock.quantity, 0) = 0)`.as('outOfStock'),
      sql<Date>`clock_timestamp()`.as('asOf'),
    ])
    .executeTakeFirstOrThrow();
  return {
    products: Number(row.products),
    units: Number(row.units),
    outOfStock: Number(row.outOfStock),
    asOf: row.asOf.toISOString(),
  };
}
