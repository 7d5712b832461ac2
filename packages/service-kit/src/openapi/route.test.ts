import { expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import { readHeaders } from '../cache-http/headers.ts';
import { openApiDocument } from './document.ts';
import { reply } from './reply.ts';
import { route } from './route.ts';

const common = { summary: 'x', responses: { 200: 'x' }, handler: () => reply(200, {}) } as const;

test('a body or query that is not strict is refused when the route is defined', () => {
  expect(() => route({ ...common, method: 'put', path: '/a', body: z.object({}) })).toThrow(
    /PUT \/a.*strictObject/,
  );
  expect(() => route({ ...common, method: 'get', path: '/a', query: z.object({}) })).toThrow(/strictObject/);
  expect(() => route({ ...common, method: 'put', path: '/a', body: z.strictObject({}) })).not.toThrow();
});

test('inner objects and the members of a union must be strict too', () => {
  const list = z.strictObject({ items: z.array(z.object({ a: z.string() })).optional() });
  expect(() => route({ ...common, method: 'post', path: '/a', body: list })).toThrow(/strictObject/);
  const body = z.union([z.strictObject({ a: z.string() }), z.object({ b: z.string() })]);
  expect(() => route({ ...common, method: 'post', path: '/a', body })).toThrow(/strictObject/);
});

test.each([
  ['/a/{id}', undefined],
  ['/a/{id}', z.object({ other: z.string() })],
  ['/a', z.object({ id: z.string() })],
])('%s with other params is refused when the route is defined', (path, params) => {
  expect(() => route({ ...common, method: 'get', path, ...(params && { params }) })).toThrow(TypeError);
});

test('the handler gets the types of the schemas', () => {
  const typed = route({
    ...common,
    method: 'put',
    path: '/a/{id}',
    params: z.object({ id: z.string() }),
    headers: z.object(readHeaders),
    body: z.strictObject({ n: z.number().optional() }),
    handler({ params, headers, body, signal }) {
      expectTypeOf(params).toEqualTypeOf<{ id: string }>();
      expectTypeOf(body).toEqualTypeOf<{ n?: number | undefined }>();
      expectTypeOf(headers['freshet-min-version']).toEqualTypeOf<string | undefined>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return reply(200, {});
    },
  });
  expect(typed).toMatchObject({ method: 'put', path: '/a/{id}' });
});

test('the document has what the routes define', () => {
  const thing = z.object({ id: z.string() }).meta({ id: 'Thing' });
  const document = openApiDocument({
    name: 'thing-service',
    version: '1.2.3',
    routes: [
      route({
        ...common,
        method: 'put',
        path: '/things/{id}',
        params: z.object({ id: z.string() }),
        headers: z.object(readHeaders),
        body: z.strictObject({ name: z.string() }),
        responses: { 200: { description: 'The thing', body: thing }, 404: 'No such thing' },
      }),
      route({ ...common, method: 'get', path: '/things/{id}', params: z.object({ id: z.string() }) }),
    ],
  });
  expect(document).toMatchObject({
    openapi: '3.1.0',
    info: { title: 'thing-service', version: '1.2.3' },
    components: {
      schemas: { Thing: { type: 'object' }, Problem: { required: expect.arrayContaining(['code']) } },
    },
  });
  const { put, get } = document.paths?.['/things/{id}'] ?? {};
  expect(put).toMatchObject({
    parameters: [
      { in: 'path', name: 'id', required: true },
      { in: 'header', name: 'if-none-match' },
      { in: 'header', name: 'freshet-min-version' },
    ],
    requestBody: { content: { 'application/json': { schema: { additionalProperties: false } } } },
    responses: {
      200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
      404: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
    },
  });
  expect(Object.keys(put?.responses ?? {})).toEqual(['200', '400', '404', '413', '415', '503', 'default']);
  expect(Object.keys(get?.responses ?? {})).toEqual(['200', '400', '503', 'default']);
});
