import type { Request } from 'express';
import * as z from 'zod';
import { Problem } from '../http/problem.ts';

interface Schemas<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
  Body extends z.ZodType,
> {
  readonly params?: Params;
  readonly query?: Query;
  readonly headers?: Headers;
  readonly body?: Body;
}

/** One mistake in a request: where (RFC 6901 pointer into `in`) and what. */
export interface Mistake {
  readonly in: 'path' | 'query' | 'header' | 'body';
  readonly pointer: string;
  readonly detail: string;
}

const shownMistakes = 20;

/**
 * The parts of a request that `schemas` describe, parsed.
 *
 * @throws Problem 400 `INVALID_REQUEST` with `errors`, the list of all mistakes; no value is echoed.
 */
export function readInput<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
  Body extends z.ZodType,
>(schemas: Schemas<Params, Query, Headers, Body>, request: Request) {
  const mistakes: Mistake[] = [];
  const params = read('path', schemas.params, request.params, mistakes);
  const query = read('query', schemas.query, request.query, mistakes);
  const headers = read('header', schemas.headers, request.headers, mistakes);
  const body = read('body', schemas.body, request.body, mistakes);
  if (mistakes.length > 0) throw invalid(mistakes);
  return { params, query, headers, body };
}

const nothing = {};

function read<Schema extends z.ZodType>(
  where: Mistake['in'],
  schema: Schema | undefined,
  value: unknown,
  mistakes: Mistake[],
): z.output<Schema> {
  // A route without a schema for this part has the type of "nothing" there.
  if (schema === undefined) return nothing as z.output<Schema>;
  const parsed = schema.safeParse(value);
  if (!parsed.success) mistakes.push(...parsed.error.issues.flatMap((issue) => mistakesOf(where, issue)));
  return parsed.data as z.output<Schema>;
}

function mistakesOf(where: Mistake['in'], issue: z.core.$ZodIssue): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      in: where,
      pointer: pointer([...issue.path, key]),
      detail: 'unknown or read-only: leave it out',
    }));
  }
  return [{ in: where, pointer: pointer(issue.path), detail: issue.message }];
}

function pointer(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

function invalid(mistakes: readonly Mistake[]): Problem {
  const fields = [...new Set(mistakes.map((mistake) => mistake.pointer.slice(1) || mistake.in))].slice(0, 5);
  return new Problem({
    status: 400,
    code: 'INVALID_REQUEST',
    detail: `The request has mistakes in: ${fields.join(', ')}. Correct what \`errors\` lists and try again.`,
    extensions: { errors: mistakes.slice(0, shownMistakes) },
  });
}
