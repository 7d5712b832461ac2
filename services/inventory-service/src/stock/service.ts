import { type Cache, deletionVersion, type QueryClient, ttl, type Version } from '@freshet/cache-core';
import {
  checkPreconditions,
  conflict,
  kyselyOn,
  kyselyOnPool,
  notFound,
  type WriteConditions,
} from '@freshet/service-kit';
import type { Pool } from 'pg';
import type { Database, Tables } from '../database.ts';
import { holdProduct } from '../products/repository.ts';
import { missingProduct } from '../products/schema.ts';
import { deleteStock, findStock, insertStock, lockStock, updateStock } from './repository.ts';
import { missingStock, Stock } from './schema.ts';

export type StockService = ReturnType<typeof stockService>;

/**
 * Stock, written through the cache: when a write is answered, no replica answers an older quantity any more.
 * Writes throw FRESHET_STRONG_WRITE_TIMEOUT when the replicas cannot be told in time.
 */
export function stockService({ cache, pool }: { cache: Cache; pool: Pool }) {
  const database = kyselyOnPool<Tables>(pool);
  const stock = cache.writeThrough<Stock>({
    entity: 'stock',
    ttl: ttl.stock,
    maxStaleness: 2_000,
    whenUnproven: 'bypass',
    decode: (payload) => Stock.parse(payload),
    async load(productId, { client }) {
      const found = await findStock(client ? kyselyOn<Tables>(client) : database, String(productId));
      return found && { value: found, version: found.version };
    },
  });

  /** A strong write of a product's stock: `work` runs in a transaction between the fence and the publication. */
  async function write<Written>(
    productId: string,
    work: (transaction: Database, client: QueryClient) => Promise<Written>,
  ): Promise<Written> {
    const { result } = await stock.write(productId, (client) => work(kyselyOn<Tables>(client), client));
    return result;
  }

  return {
    write,

    read(productId: string, minVersion: Version | undefined) {
      return stock.read(productId, minVersion === undefined ? {} : { minVersion });
    },

    /** @throws Problem 404 when there is no such product, 412 */
    put(
      productId: string,
      quantity: number,
      conditions: WriteConditions,
    ): Promise<{ stock: Stock; created: boolean }> {
      return write(productId, async (transaction) => {
        if (!(await holdProduct(transaction, productId))) throw notFound(missingProduct);
        for (;;) {
          const present = await lockStock(transaction, productId);
          checkPreconditions(conditions, present?.version ?? null);
          if (present) return { stock: await updateStock(transaction, productId, quantity), created: false };
          const created = await insertStock(transaction, productId, quantity);
          if (created) return { stock: created, created: true };
        }
      });
    },

    /** Takes `quantity` units, or none. @throws Problem 404, 409 INSUFFICIENT_STOCK, 412 */
    reserve(productId: string, quantity: number, conditions: WriteConditions): Promise<Stock> {
      return write(productId, async (transaction) => {
        const present = await lockExisting(transaction, productId, conditions);
        if (present.quantity < quantity) throw insufficient(present.quantity);
        return updateStock(transaction, productId, present.quantity - quantity);
      });
    },

    /** Answers the version of the deletion. @throws Problem 404, 412 */
    remove(productId: string, conditions: WriteConditions): Promise<{ version: Version }> {
      return write(productId, async (transaction, client) => {
        await lockExisting(transaction, productId, conditions);
        await deleteStock(transaction, productId);
        return { version: await deletionVersion(client) };
      });
    },
  };
}

async function lockExisting(
  transaction: Database,
  productId: string,
  conditions: WriteConditions,
): Promise<Stock> {
  const present = await lockStock(transaction, productId);
  if (present === null) throw notFound(missingStock);
  checkPreconditions(conditions, present.version);
  return present;
}

function insufficient(available: number) {
  return conflict(
    'INSUFFICIENT_STOCK',
    'There are not that many units in stock: reserve fewer, or wait for more.',
    {
      extensions: { available },
    },
  );
}
