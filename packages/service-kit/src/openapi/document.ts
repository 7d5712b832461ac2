import { STATUS_CODES } from 'node:http';
import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';
import { problemContentType } from '../http/problem.ts';
import type { ResponseDefinition, Route } from './route.ts';

export interface ApiOptions {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly routes: readonly Route[];
}

const problemSchema = z
  .looseObject({
    type: z
      .string()
      .meta({ description: 'Names the kind of problem', example: 'urn:freshet:problem:not-found' }),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'Stable: switch on this', example: 'NOT_FOUND' }),
    detail: z.string().meta({ description: 'What went wrong and what to do' }),
    instance: z.string().optional().meta({ description: 'Names this occurrence, also in the log' }),
    errors: z
      .array(
        z.object({
          in: z.enum(['path', 'query', 'header', 'body']),
          pointer: z.string(),
          detail: z.string(),
        }),
      )
      .optional()
      .meta({ description: 'All mistakes of an invalid request' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

/** The OpenAPI 3.1 document of `routes`. */
export function openApiDocument({
  name,
  version,
  description,
  routes,
}: ApiOptions): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  return createDocument({
    openapi: '3.1.0',
    info: { title: name, version, ...(description === undefined ? {} : { description }) },
    paths,
  });
}

function operation(route: Route): ZodOpenApiOperationObject {
  const { summary, description, tags, params, query, headers, body } = route;
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    requestParams: {
      ...(params === undefined ? {} : { path: params }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { header: headers }),
    },
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responsesOf(route)).map(([status, answer]) => [
          status,
          response(Number(status), answer),
        ]),
      ),
      default: response(500, 'Any other problem'),
    },
  };
}

function responsesOf(route: Route): Record<number, ResponseDefinition> {
  const validated = route.params ?? route.query ?? route.headers ?? route.body;
  return {
    ...(validated === undefined ? {} : { 400: 'The request is invalid: `errors` lists the mistakes' }),
    ...(route.body === undefined
      ? {}
      : { 413: 'The body is larger than 100 kB', 415: 'The body is not JSON' }),
    503: 'Try again later',
    ...route.responses,
  };
}

function response(status: number, definition: ResponseDefinition): ZodOpenApiResponseObject {
  const {
    description,
    body,
    headers,
    contentType = 'application/json',
  } = typeof definition === 'string'
    ? { description: definition }
    : { body: undefined, headers: undefined, ...definition };
  const content =
    status >= 400
      ? { [problemContentType]: { schema: problemSchema } }
      : body && { [contentType]: { schema: body } };
  return {
    description: description || (STATUS_CODES[status] ?? ''),
    ...(headers === undefined ? {} : { headers }),
    ...(content === undefined ? {} : { content }),
  };
}
