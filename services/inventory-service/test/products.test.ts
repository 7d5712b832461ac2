import type { TestDatabase } from '@freshet/test-kit';
import {
  problemIn,
  type FreshetProcess,
  holdTransaction,
  startSystem,
  untilHit,
} from '@freshet/test-kit/system';
import { beforeAll, describe, expect, it } from 'vitest';

let database: TestDatabase;
let service: FreshetProcess;
beforeAll(async () => {
  const system = await startSystem({ domains: ['inventory'], replicas: 1 });
  database = system.databases.inventory as TestDatabase;
  [service] = system.replicas.inventory as [FreshetProcess];
});

const kettle = { name: 'Kettle', description: 'Boils water\nin a minute', priceCents: 2_999 };
const put = (path: string, body: unknown = kettle, headers = {}) =>
  service.send('PUT', path, { body, headers });

describe('PUT /products/{id}', () => {
  it('creates, and then replaces', async () => {
    const created = await put('/products/kettle');
    expect(created.status).toBe(201);
    expect(created.json).toEqual({
      id: 'kettle',
      ...kettle,
      version: expect.stringMatching(/^[1-9]\d*$/),
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(created.headers).toMatchObject({
      location: '/products/kettle',
      etag: `"${String(created.json?.['version'])}"`,
    });

    const replaced = await put('/products/kettle', { ...kettle, priceCents: 0, description: '' });
    expect(replaced.status).toBe(200);
    expect(replaced.json).toMatchObject({ priceCents: 0, description: '' });
    expect(replaced.headers.location).toBeUndefined();
    expect(replaced.headers.etag).not.toBe(created.headers.etag);
    expect((await service.send('GET', '/products/kettle')).json).toEqual(replaced.json);
  });

  it.each(['.a', '...', '~', '-', '_', 'A.b_c~d-9', 'Summary', 'x'.repeat(64)])(
    'takes the id %j',
    async (id) => {
      const created = await put(`/products/${id}`);
      expect(created).toMatchObject({ status: 201, headers: { location: `/products/${id}` } });
      expect(await service.send('GET', `/products/${id}`)).toMatchObject({ status: 200, json: created.json });
    },
  );

  it('keeps ids apart that differ in case', async () => {
    await put('/products/case');
    expect(problemIn(await service.send('GET', '/products/CASE'))).toBe('404 NOT_FOUND');
  });

  it('is guarded by If-Match, and by If-None-Match: *', async () => {
    expect(problemIn(await put('/products/guarded', kettle, { 'if-match': '*' }))).toBe(
      '412 PRECONDITION_FAILED',
    );
    const created = await put('/products/guarded', kettle, { 'if-none-match': '*' });
    expect(created.status).toBe(201);
    const again = await put('/products/guarded', kettle, { 'if-none-match': '*' });
    expect(problemIn(again)).toBe('412 PRECONDITION_FAILED');
    expect(again.headers.etag).toBe(created.headers.etag);
    const etag = String(created.headers.etag);
    expect((await put('/products/guarded', kettle, { 'if-match': etag })).status).toBe(200);
    expect(problemIn(await put('/products/guarded', kettle, { 'if-match': etag }))).toBe(
      '412 PRECONDITION_FAILED',
    );
  });

  it('does not replace with If-None-Match: * what somebody created a moment before', async () => {
    const insert = `insert into products (id, name, description, price_cents) values ('race', 'first', '', 1)`;
    const held = await holdTransaction(database, insert);
    const guarded = put('/products/race', kettle, { 'if-none-match': '*' });
    await held.untilAwaited(1);
    await held.commit();
    expect(problemIn(await guarded)).toBe('412 PRECONDITION_FAILED');
    expect((await service.send('GET', '/products/race')).json?.['name']).toBe('first');
  });
});

describe('GET /products/{id}', () => {
  it('says in Cache-Status which layer answered, on 304 and 404 too', async () => {
    const missing = await service.send('GET', '/products/lamp');
    expect(problemIn(missing)).toBe('404 NOT_FOUND');
    expect(missing.headers['cache-status']).toMatch(/^inventory-service; fwd=miss/);

    const { headers, json } = await put('/products/lamp');
    const etag = String(headers.etag);
    const read = await service.send('GET', '/products/lamp');
    expect(read).toMatchObject({ status: 200, json, headers: { etag } });
    const hit = await untilHit(service, '/products/lamp');
    expect(hit).toMatchObject({ status: 200, json, headers: { etag } });
    expect(hit.headers['cache-status']).toMatch(/^inventory-service; hit; ttl=\d+; detail=l1$/);
    const unchanged = await service.send('GET', '/products/lamp', { headers: { 'if-none-match': etag } });
    expect(unchanged).toMatchObject({ status: 304, text: '', headers: { etag } });
    expect(unchanged.headers['cache-status']).toMatch(/^inventory-service; hit; ttl=\d+; detail=l1$/);
  });

  it('passes older cached answers by when a later version is asked for', async () => {
    const { json } = await put('/products/later');
    await untilHit(service, '/products/later');
    const headers = { 'freshet-min-version': String(BigInt(String(json?.['version'])) + 1n) };
    const answer = await service.send('GET', '/products/later', { headers });
    expect(answer).toMatchObject({ status: 200, json });
    expect(answer.headers['cache-status']).toContain('; fwd=request');
  });
});

describe('DELETE /products/{id}', () => {
  it('answers 204 and its version, then 404', async () => {
    const { json } = await put('/products/gone');
    await untilHit(service, '/products/gone');
    expect(
      problemIn(await service.send('DELETE', '/products/gone', { headers: { 'if-match': '"1"' } })),
    ).toBe('412 PRECONDITION_FAILED');
    const deleted = await service.send('DELETE', '/products/gone');
    expect(deleted).toMatchObject({ status: 204, text: '' });
    const version = /^"(\d+)"$/.exec(String(deleted.headers.etag))?.[1];
    expect(BigInt(String(version))).toBeGreaterThan(BigInt(String(json?.['version'])));
    expect(problemIn(await service.send('DELETE', '/products/gone'))).toBe('404 NOT_FOUND');
    expect(problemIn(await service.send('GET', '/products/gone'))).toBe('404 NOT_FOUND');
  });

  it('takes the stock along: the next read of it is a 404', async () => {
    await put('/products/stocked');
    await put('/inventory/stocked', { quantity: 5 });
    await untilHit(service, '/inventory/stocked');
    expect((await service.send('DELETE', '/products/stocked')).status).toBe(204);
    expect(problemIn(await service.send('GET', '/inventory/stocked'))).toBe('404 NOT_FOUND');
  });
});
