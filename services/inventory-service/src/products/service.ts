import { type Cache, deletionVersion, type Origin, ttl, type Version } from '@freshet/cache-core';
import {
  checkPreconditions,
  invalidateAfter,
  kyselyOnPool,
  notFound,
  type WriteConditions,
  writerOf,
} from '@freshet/service-kit';
import type { Pool } from 'pg';
import type { Tables } from '../database.ts';
import type { StockService } from '../stock/service.ts';
import { deleteProduct, findProduct, insertProduct, lockProduct, updateProduct } from './repository.ts';
import { missingProduct, Product, type ProductBody } from './schema.ts';

export interface ProductServiceOptions {
  readonly cache: Cache;
  readonly origin: Origin;
  readonly pool: Pool;
  readonly stock: StockService;
}

export interface ProductPut {
  readonly product: Product;
  readonly version: Version;
  readonly created: boolean;
}

export type ProductService = ReturnType<typeof productService>;

/** The catalogue, cached aside: master data, read often and changed rarely. */
export function productService({ cache, origin, pool, stock }: ProductServiceOptions) {
  const database = kyselyOnPool<Tables>(pool);
  const products = cache.aside<Product>({
    entity: 'product',
    ttl: ttl.masterData,
    maxStaleness: 2_000,
    whenUnproven: 'bypass',
    decode: (payload) => Product.parse(payload),
    async load(id) {
      const product = await findProduct(database, String(id));
      return product && { value: product, version: product.version };
    },
  });
  const write = writerOf<Tables>(origin, products);

  return {
    read(id: string, minVersion: Version | undefined) {
      return products.read(id, minVersion === undefined ? {} : { minVersion });
    },

    /** @throws Problem 412 */
    put(id: string, body: ProductBody, conditions: WriteConditions): Promise<ProductPut> {
      return write(id, async (transaction) => {
        for (;;) {
          const version = await lockProduct(transaction, id);
          checkPreconditions(conditions, version);
          if (version !== null) {
            const product = await updateProduct(transaction, id, body);
            return { product, version: product.version, created: false };
          }
          const product = await insertProduct(transaction, id, body);
          if (product !== null) return { product, version: product.version, created: true };
        }
      });
    },

    /**
     * Takes the stock along, and is therefore a strong write of that. Answers the version of the deletion.
     *
     * @throws Problem 404, 412
     */
    remove(id: string, conditions: WriteConditions): Promise<{ version: Version }> {
      const removal = stock.write(id, async (transaction, client) => {
        const version = await lockProduct(transaction, id);
        if (version === null) throw notFound(missingProduct);
        checkPreconditions(conditions, version);
        await deleteProduct(transaction, id);
        return { version: await deletionVersion(client) };
      });
      return invalidateAfter(products, id, removal);
    },
  };
}
