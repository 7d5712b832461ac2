import type { Generated, Kysely } from 'kysely';

interface ProductsTable {
  id: string;
  name: string;
  description: string;
  price_cents: number;
  /** Drawn by a trigger from the domain's sequence; int8 arrives as a decimal string. */
  version: Generated<string>;
  updated_at: Generated<Date>;
}

interface StockTable {
  product_id: string;
  quantity: number;
  version: Generated<string>;
  updated_at: Generated<Date>;
}

export interface Tables {
  products: ProductsTable;
  stock: StockTable;
}

/** The pool, or the client of the transaction in hand. */
export type Database = Kysely<Tables>;
