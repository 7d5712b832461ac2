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
import { ProductId } from '../products/schema.ts';
import { missingStock, Reservation, Stock, StockBody } from './schema.ts';
import type { StockService } from './service.ts';

const tags = ['stock'];
const params = z.object({ productId: ProductId });

export function stockRoutes(stock: StockService): Route[] {
  return [
    route({
      method: 'get',
      path: '/inventory/{productId}',
      summary: 'Read the stock of a product',
      description: 'Never older than the last write that was answered, whichever replica is asked.',
      tags,
      params,
      headers: z.object(readHeaders),
      responses: {
        200: { description: 'The stock', body: Stock, headers: cachedResponseHeaders },
        304: { description: 'Still the version that If-None-Match names', headers: cachedResponseHeaders },
        404: 'There is no stock of this product',
      },
      async handler({ params: { productId }, headers }) {
        return cachedReply(await stock.read(productId, headers['freshet-min-version']), {
          cacheName: 'inventory-service',
          ifNoneMatch: headers['if-none-match'],
          missing: missingStock,
        });
      },
    }),
    route({
      method: 'put',
      path: '/inventory/{productId}',
      summary: 'Set the stock of a product',
      tags,
      params,
      headers: z.object(writeHeaders),
      body: StockBody,
      responses: {
        200: { description: 'Replaced', body: Stock, headers: writtenResponseHeaders },
        201: { description: 'Created', body: Stock, headers: createdResponseHeaders },
        404: 'There is no such product',
        412: 'It is not the version that If-Match asks for, or If-None-Match asks that there is none',
      },
      async handler({ params: { productId }, headers, body }) {
        const { stock: written, created } = await stock.put(productId, body.quantity, headers);
        const ETag = entityTag(written.version);
        return created
          ? reply(201, written, { ETag, Location: `/inventory/${productId}` })
          : reply(200, written, { ETag });
      },
    }),
    route({
      method: 'post',
      path: '/inventory/{productId}/reservations',
      summary: 'Take units from the stock',
      description: 'All of them or none: stock is never oversold.',
      tags,
      params,
      headers: z.object(writeHeaders),
      body: Reservation,
      responses: {
        201: { description: 'Taken: what is left', body: Stock, headers: createdResponseHeaders },
        404: 'There is no stock of this product',
        409: 'INSUFFICIENT_STOCK: there are only `available` units',
        412: 'It is not the version that If-Match asks for',
      },
      async handler({ params: { productId }, headers, body }) {
        const left = await stock.reserve(productId, body.quantity, headers);
        return reply(201, left, { ETag: entityTag(left.version), Location: `/inventory/${productId}` });
      },
    }),
    route({
      method: 'delete',
      path: '/inventory/{productId}',
      summary: 'Delete the stock of a product',
      tags,
      params,
      headers: z.object(writeHeaders),
      responses: {
        204: { description: 'Deleted', headers: writtenResponseHeaders },
        404: 'There is no stock of this product',
        412: 'It is not the version that If-Match asks for',
      },
      async handler({ params: { productId }, headers }) {
        const { version } = await stock.remove(productId, headers);
        return emptyReply({ ETag: entityTag(version) });
      },
    }),
  ];
}
