import {
  problemIn,
  type HostileRequest,
  hostileBodies,
  hostileIds,
  type LoneReplica,
  malformedTags,
  malformedVersions,
} from '@freshet/test-kit/system';
import { beforeAll, describe, expect, it } from 'vitest';
import { startReplica } from './replica.ts';

const product = { name: 'Kettle', description: 'Boils water', priceCents: 2_999 };
const invalid = { status: 400, code: 'INVALID_REQUEST' };
const notAllowed = { status: 405, code: 'METHOD_NOT_ALLOWED' };

function bad(what: string, method: string, path: string, body: unknown): HostileRequest {
  return { what: `${method} ${path}: ${what}`, method, path, options: { body }, ...invalid };
}

const badProduct = (what: string, fields: Record<string, unknown>): HostileRequest =>
  bad(what, 'PUT', '/products/kettle', { ...product, ...fields });

const requests: HostileRequest[] = [
  ...hostileBodies({
    method: 'PUT',
    path: '/products/kettle',
    valid: product,
    readOnly: ['id', 'version', 'updatedAt'],
  }),
  ...hostileBodies({
    method: 'PUT',
    path: '/inventory/kettle',
    valid: { quantity: 1 },
    readOnly: ['productId', 'version', 'updatedAt'],
  }),
  ...hostileBodies({
    method: 'POST',
    path: '/inventory/kettle/reservations',
    valid: { quantity: 1 },
    readOnly: ['productId', 'version', 'updatedAt'],
  }),

  badProduct('an empty name', { name: '' }),
  badProduct('a name of 201 characters', { name: 'x'.repeat(201) }),
  badProduct('a name with NUL', { name: 'a\0b' }),
  badProduct('a name with half a surrogate pair', { name: 'a\ud800b' }),
  badProduct('a description of 2,001 characters', { description: 'x'.repeat(2_001) }),
  badProduct('a description with NUL', { description: 'a\0b' }),
  badProduct('a negative price', { priceCents: -1 }),
  badProduct('a price beyond 2^31 - 1', { priceCents: 2 ** 31 }),
  badProduct('a price in words', { priceCents: '2999' }),
  ...Object.keys(product).map((field) => badProduct(`no ${field}`, { [field]: undefined })),
  ...[-1, 2 ** 31, 0.5, '1', null].flatMap((quantity) => [
    bad(`quantity ${JSON.stringify(quantity)}`, 'PUT', '/inventory/kettle', { quantity }),
    bad(`quantity ${JSON.stringify(quantity)}`, 'POST', '/inventory/kettle/reservations', { quantity }),
  ]),
  bad('a reservation of nothing', 'POST', '/inventory/kettle/reservations', { quantity: 0 }),

  ...[
    ['POST', '/products/kettle'],
    ['PATCH', '/products/kettle'],
    ['POST', '/inventory/kettle'],
    ['PATCH', '/inventory/kettle'],
    ['GET', '/inventory/kettle/reservations'],
    ['DELETE', '/inventory/kettle/reservations'],
    ['PUT', '/inventory/summary'],
    ['DELETE', '/inventory/summary'],
    ['TRACE', '/products/kettle'],
  ].map(([method = '', path = '']) => ({ what: `${method} ${path}`, method, path, ...notAllowed })),
  ...['/products/kettle', '/inventory/kettle'].flatMap((path) =>
    malformedTags.flatMap((tag) => [
      {
        what: `If-None-Match: ${tag} on ${path}`,
        method: 'GET',
        path,
        options: { headers: { 'if-none-match': tag } },
        ...invalid,
      },
      {
        what: `If-Match: ${tag} on ${path}`,
        method: 'DELETE',
        path,
        options: { headers: { 'if-match': tag } },
        ...invalid,
      },
    ]),
  ),
  ...[
    '/',
    '/products',
    '/products/',
    '/inventory',
    '/inventory/kettle/reservations/1',
    '/Products/kettle',
  ].map((path) => ({ what: `GET ${path}`, method: 'GET', path, status: 404, code: 'ROUTE_NOT_FOUND' })),
];

const reservedIds = ['.', '..', '%2e', '%2E%2E', 'x'.repeat(65), 'a%20b', 'caf%C3%A9'];

describe('bad input is refused with what to do about it, and never with a 5xx', () => {
  let replica: LoneReplica;
  beforeAll(async () => {
    replica = await startReplica();
  });

  it.each(requests)('$what', async ({ method, path, options, status, code }) => {
    expect(problemIn(await replica.send(method, path, options))).toBe(`${status} ${code}`);
  });

  it.each([...hostileIds, ...reservedIds])('the id %j', async (hostile) => {
    for (const [method, path, options] of [
      ['GET', `/products/${hostile}`, {}],
      ['PUT', `/products/${hostile}`, { body: product }],
      ['DELETE', `/products/${hostile}`, {}],
      ['GET', `/inventory/${hostile}`, {}],
      ['PUT', `/inventory/${hostile}`, { body: { quantity: 1 } }],
      ['DELETE', `/inventory/${hostile}`, {}],
      ['POST', `/inventory/${hostile}/reservations`, { body: { quantity: 1 } }],
    ] as const) {
      expect(problemIn(await replica.send(method, path, options))).toBe('400 INVALID_REQUEST');
    }
  });

  it('the id summary, which is a path of its own', async () => {
    expect(problemIn(await replica.send('PUT', '/products/summary', { body: product }))).toBe(
      '400 INVALID_REQUEST',
    );
    const reservation = { body: { quantity: 1 } };
    expect(problemIn(await replica.send('POST', '/inventory/summary/reservations', reservation))).toBe(
      '400 INVALID_REQUEST',
    );
  });

  it.each(malformedVersions)('Freshet-Min-Version: %j', async (version) => {
    for (const path of ['/products/kettle', '/inventory/kettle', '/inventory/summary']) {
      const answer = await replica.send('GET', path, { headers: { 'freshet-min-version': version } });
      expect(answer.status).toBe(400);
      expect(problemIn(answer)).toMatch(/^400 /);
    }
  });
});
