import { type FreshetProcess, startSystem, untilHit } from '@freshet/test-kit/system';
import { expect, it } from 'vitest';

it('the summary counts the inventory, and is kept for its TTL or until a later version is asked for', async () => {
  const system = await startSystem({ domains: ['inventory'], replicas: 1 });
  const [service] = system.replicas.inventory as [FreshetProcess];
  const read = (headers = {}) => service.send('GET', '/inventory/summary', { headers });
  const put = (path: string, body: unknown) => service.send('PUT', path, { body });
  const product = { name: 'x', description: '', priceCents: 1 };

  const empty = await read();
  expect(empty.json).toEqual({ products: 0, units: 0, outOfStock: 0, asOf: expect.any(String) });
  for (const id of ['a', 'b', 'c', 'd']) await put(`/products/${id}`, product);
  await put('/inventory/a', { quantity: 2 ** 31 - 1 });
  await put('/inventory/b', { quantity: 2 });
  const written = await put('/inventory/c', { quantity: 0 });

  const kept = await untilHit(service, '/inventory/summary');
  expect(kept).toMatchObject({ status: 200, json: empty.json, headers: { etag: empty.headers.etag } });
  expect((await read({ 'if-none-match': String(empty.headers.etag) })).status).toBe(304);

  const counted = await read({ 'freshet-min-version': String(written.json?.['version']) });
  expect(counted.json).toMatchObject({ products: 4, units: 2 ** 31 + 1, outOfStock: 2 });
  expect(counted.headers['cache-status']).toContain('; fwd=request');
  expect(counted.headers.etag).not.toBe(empty.headers.etag);
  expect((await read({ 'if-none-match': String(counted.headers.etag) })).status).toBe(200);
});
