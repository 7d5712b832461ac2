import {
  cachedReply,
  cachedResponseHeaders,
  createdResponseHeaders,
  emptyReply,
  entityTag,
  type Route,
  readHeaders,
  reply,
  route,
  writeHeaders,
  writtenResponseHeaders,
} from '@freshet/service-kit';
import { z } from 'zod';
import { missingProduct, Product, ProductBody, ProductId } from './schema.ts';
import type { ProductService } from './service.ts';

const tags = ['products'];
const params = z.object({ id: ProductId });

export function productRoutes(products: ProductService): Route[] {
  return [
    route({
      method: 'get',
      path: '/products/{id}',
      summary: 'Read a product',
      tags,
      params,
      headers: z.object(readHeaders),
      responses: {
        200: { description: 'The product', body: Product, headers: cachedResponseHeaders },
        304: { description: 'Still the version that If-None-Match names', headers: cachedResponseHeaders },
        404: 'There is no such product',
      },
      async handler({ params: { id }, headers }) {
        return cachedReply(await products.read(id, headers['freshet-min-version']), {
          cacheName: 'inventory-service',
          ifNoneMatch: headers['if-none-match'],
          missing: missingProduct,
        });
      },
    }),
    route({
      method: 'put',
      path: '/products/{id}',
      summary: 'Create or replace a product',
      tags,
      params,
      headers: z.object(writeHeaders),
      body: ProductBody,
      responses: {
        200: { description: 'Replaced', body: Product, headers: writtenResponseHeaders },
        201: { description: 'Created', body: Product, headers: createdResponseHeaders },
        412: 'It is not the version that If-Match asks for, or If-None-Match asks that there is none',
      },
      async handler({ params: { id }, headers, body }) {
        const { product, created } = await products.put(id, body, headers);
        const ETag = entityTag(product.version);
        return created
          ? reply(201, product, { ETag, Location: `/products/${id}` })
          : reply(200, product, { ETag });
      },
    }),
    route({
      method: 'delete',
      path: '/products/{id}',
      summary: 'Delete a product and its stock',
      tags,
      params,
      headers: z.object(writeHeaders),
      responses: {
        204: { description: 'Deleted', headers: writtenResponseHeaders },
        404: 'There is no such product',
        412: 'It is not the version that If-Match asks for',
      },
      async handler({ params: { id }, headers }) {
        const { version } = await products.remove(id, headers);
        return emptyReply({ ETag: entityTag(version) });
      },
    }),
  ];
}
