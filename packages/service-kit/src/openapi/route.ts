import type { Request } from 'express';
import type * as z from 'zod';
import type { Reply } from './reply.ts';
import { isStrict } from './strict-schema.ts';
import { readInput } from './validate.ts';

export type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';

/** One possible answer. Answers from 400 up have problem+json bodies and need only a description. */
export type ResponseDefinition =
  | string
  | {
      readonly description: string;
      readonly body?: z.ZodType;
      readonly headers?: z.ZodObject;
      /** Default: JSON. */
      readonly contentType?: string;
    };

/** What a handler gets: validated, and typed by the schemas. */
export interface RouteInput<Params, Query, Headers, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
  /** For what the schemas do not cover. */
  readonly request: Request;
  /** Aborted when the caller goes away before the answer. */
  readonly signal: AbortSignal;
}

type Nothing = z.ZodObject<Record<string, never>>;

export interface RouteDefinition<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
  Body extends z.ZodType,
> {
  readonly method: Method;
  /** As in OpenAPI: `/users/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** One member for each `{name}` of the path. */
  readonly params?: Params;
  /** Strict (`z.strictObject`). Without it query strings are ignored. */
  readonly query?: Query;
  /** Names in lower case; other headers are let through. */
  readonly headers?: Headers;
  /** Strict, inner objects too (`z.strictObject`): unknown and read-only fields are refused. */
  readonly body?: Body;
  readonly responses: Readonly<Record<number, ResponseDefinition>>;
  readonly handler: (
    input: RouteInput<z.output<Params>, z.output<Query>, z.output<Headers>, z.output<Body>>,
  ) => Reply | Promise<Reply>;
}

/** A route, its types closed over: what an application mounts and what the API document lists. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly responses: Readonly<Record<number, ResponseDefinition>>;
  /** Validates the request, then runs the handler. Rejects with the `Problem` to answer. */
  readonly handle: (request: Request, signal: () => AbortSignal) => Reply | Promise<Reply>;
}

/**
 * Defines a route once: its schemas give the validation, the types of the handler's input, and the OpenAPI document.
 *
 * @throws TypeError when the path and `params` differ, or `body` or `query` is not strict.
 */
export function route<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Headers extends z.ZodObject = Nothing,
  Body extends z.ZodType = Nothing,
>(definition: RouteDefinition<Params, Query, Headers, Body>): Route {
  const { handler, ...described } = definition;
  checkDefinition(described);
  return {
    ...described,
    handle(request, signal) {
      const input = readInput(described, request);
      return handler({
        ...input,
        request,
        get signal() {
          return signal();
        },
      });
    },
  };
}

function checkDefinition(definition: Omit<Route, 'handle'>): void {
  const { method, path, params, query, body } = definition;
  const name = `${method.toUpperCase()} ${path}`;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const described = Object.keys(params?.shape ?? {});
  if (inPath.length !== described.length || inPath.some((part) => !described.includes(part))) {
    throw new TypeError(`${name}: params describe {${described.join()}}, the path has {${inPath.join()}}`);
  }
  for (const schema of [query, body]) {
    if (schema === undefined || isStrict(schema)) continue;
    throw new TypeError(
      `${name}: body and query must be z.strictObject throughout, so that unknown fields are refused`,
    );
  }
}
