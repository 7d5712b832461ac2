import { problemIn, type FreshetProcess, startSystem, untilHit } from '@freshet/test-kit/system';
import { beforeAll, describe, expect, it } from 'vitest';

let service: FreshetProcess;
beforeAll(async () => {
  const system = await startSystem({ domains: ['inventory'], replicas: 1 });
  [service] = system.replicas.inventory as [FreshetProcess];
});

let products = 0;

/** A product of its own for each test, and the path of its stock. */
async function newProduct(): Promise<string> {
  const id = `product-${++products}`;
  const body = { name: id, description: '', priceCents: 1 };
  expect((await service.send('PUT', `/products/${id}`, { body })).status).toBe(201);
  return `/inventory/${id}`;
}

const put = (path: string, quantity: number, headers = {}) =>
  service.send('PUT', path, { body: { quantity }, headers });
const reserve = (path: string, quantity: number, headers = {}) =>
  service.send('POST', `${path}/reservations`, { body: { quantity }, headers });

const versionIn = ({ headers }: { headers: { etag?: unknown } }): string =>
  String(headers.etag).replaceAll('"', '');

describe('GET /inventory/{productId}', () => {
  it('G3: answers at least the version that Freshet-Min-Version asks for, of what was deleted too', async () => {
    const path = await newProduct();
    const written = await put(path, 5);
    await untilHit(service, path);
    const same = { 'freshet-min-version': versionIn(written) };
    const cached = await service.send('GET', path, { headers: same });
    expect(cached.headers['cache-status']).toContain('; hit');
    const newer = { 'freshet-min-version': '9223372036854775807' };
    const asked = await service.send('GET', path, { headers: newer });
    expect(asked).toMatchObject({ status: 200, json: written.json });
    expect(asked.headers['cache-status']).toContain('; fwd=request');
    const deleted = await service.send('DELETE', path);
    const headers = { 'freshet-min-version': versionIn(deleted) };
    expect(problemIn(await service.send('GET', path, { headers }))).toBe('404 NOT_FOUND');
  });
});

describe('PUT /inventory/{productId}', () => {
  it('creates, and then replaces; the very next read answers what was written', async () => {
    const path = await newProduct();
    expect(problemIn(await service.send('GET', path))).toBe('404 NOT_FOUND');
    const created = await put(path, 5);
    expect(created.status).toBe(201);
    expect(created.json).toEqual({
      productId: path.slice('/inventory/'.length),
      quantity: 5,
      version: expect.stringMatching(/^[1-9]\d*$/),
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(created.headers).toMatchObject({ location: path, etag: `"${String(created.json?.['version'])}"` });
    const replaced = await put(path, 2 ** 31 - 1);
    expect(replaced).toMatchObject({ status: 200, json: { quantity: 2 ** 31 - 1 } });
    expect(replaced.headers.location).toBeUndefined();
    const read = await service.send('GET', path);
    expect(read).toMatchObject({
      status: 200,
      json: replaced.json,
      headers: { etag: replaced.headers.etag },
    });
  });

  it('refuses the stock of a product that is not there', async () => {
    expect(problemIn(await put('/inventory/nothing', 5))).toBe('404 NOT_FOUND');
    expect(problemIn(await service.send('GET', '/inventory/nothing'))).toBe('404 NOT_FOUND');
  });

  it('is guarded by If-Match, and by If-None-Match: *', async () => {
    const path = await newProduct();
    expect(problemIn(await put(path, 1, { 'if-match': '*' }))).toBe('412 PRECONDITION_FAILED');
    const created = await put(path, 1, { 'if-none-match': '*' });
    expect(created.status).toBe(201);
    expect(problemIn(await put(path, 2, { 'if-none-match': '*' }))).toBe('412 PRECONDITION_FAILED');
    const etag = String(created.headers.etag);
    expect((await put(path, 3, { 'if-match': etag })).status).toBe(200);
    const outdated = await put(path, 4, { 'if-match': etag });
    expect(problemIn(outdated)).toBe('412 PRECONDITION_FAILED');
    expect((await service.send('GET', path)).json?.['quantity']).toBe(3);
  });
});

describe('GET /inventory/{productId}', () => {
  it('says in Cache-Status which layer answered, on 304 and 404 too', async () => {
    const path = await newProduct();
    const missing = await service.send('GET', path);
    expect(problemIn(missing)).toBe('404 NOT_FOUND');
    expect(missing.headers['cache-status']).toMatch(/^inventory-service; fwd=miss/);
    const { json, headers } = await put(path, 5);
    const etag = String(headers.etag);
    const hit = await untilHit(service, path);
    expect(hit).toMatchObject({ status: 200, json, headers: { etag } });
    expect(hit.headers['cache-status']).toMatch(/^inventory-service; hit; ttl=\d+; detail=l1$/);
    const unchanged = await service.send('GET', path, { headers: { 'if-none-match': etag } });
    expect(unchanged).toMatchObject({ status: 304, text: '', headers: { etag } });
    expect(unchanged.headers['cache-status']).toMatch(/^inventory-service; hit; ttl=\d+; detail=l1$/);
  });
});

describe('POST /inventory/{productId}/reservations', () => {
  it('takes units while there are enough of them, and all or none', async () => {
    const path = await newProduct();
    await put(path, 5);
    const taken = await reserve(path, 3);
    expect(taken).toMatchObject({ status: 201, json: { quantity: 2 }, headers: { location: path } });
    expect(taken.headers.etag).toBe(`"${String(taken.json?.['version'])}"`);
    const refused = await reserve(path, 3);
    expect(problemIn(refused)).toBe('409 INSUFFICIENT_STOCK');
    expect(refused.json?.['available']).toBe(2);
    expect((await service.send('GET', path)).json).toEqual(taken.json);
    expect(await reserve(path, 2)).toMatchObject({ status: 201, json: { quantity: 0 } });
    expect(problemIn(await reserve(path, 1))).toBe('409 INSUFFICIENT_STOCK');
  });

  it('is guarded by If-Match', async () => {
    const path = await newProduct();
    const { headers } = await put(path, 5);
    const etag = String(headers.etag);
    expect((await reserve(path, 1, { 'if-match': etag })).status).toBe(201);
    expect(problemIn(await reserve(path, 1, { 'if-match': etag }))).toBe('412 PRECONDITION_FAILED');
  });

  it('answers 404 where there is no stock', async () => {
    expect(problemIn(await reserve(await newProduct(), 1))).toBe('404 NOT_FOUND');
    expect(problemIn(await reserve('/inventory/nothing', 1))).toBe('404 NOT_FOUND');
  });
});

describe('DELETE /inventory/{productId}', () => {
  it('answers 204 and its version, then 404; the product stays', async () => {
    const path = await newProduct();
    const { json } = await put(path, 5);
    await untilHit(service, path);
    expect(problemIn(await service.send('DELETE', path, { headers: { 'if-match': '"1"' } }))).toBe(
      '412 PRECONDITION_FAILED',
    );
    const deleted = await service.send('DELETE', path);
    expect(deleted).toMatchObject({ status: 204, text: '' });
    const version = /^"(\d+)"$/.exec(String(deleted.headers.etag))?.[1];
    expect(BigInt(String(version))).toBeGreaterThan(BigInt(String(json?.['version'])));
    expect(problemIn(await service.send('GET', path))).toBe('404 NOT_FOUND');
    expect(problemIn(await service.send('DELETE', path))).toBe('404 NOT_FOUND');
    expect((await service.send('GET', path.replace('inventory', 'products'))).status).toBe(200);
  });
});
