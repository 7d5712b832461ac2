import { describe, expect, test } from 'vitest';
import { Problem } from '../http/problem.ts';
import { cachedReply } from './cached-reply.ts';
import { parseTagCondition } from './entity-tag.ts';
import { checkPreconditions } from './preconditions.ts';

const read = { value: { name: 'Ada' }, version: '812', cache: { hit: 'l1', ttlMs: 5000 } } as const;
const options = { cacheName: 'user-service', missing: 'There is no such user.' };

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('no problem was thrown');
}

describe('the reply to a cached read', () => {
  test('has the value, its version and what the cache did', () => {
    expect(cachedReply(read, options)).toEqual({
      status: 200,
      body: { name: 'Ada' },
      headers: {
        ETag: '"812"',
        'Cache-Status': 'user-service; hit; ttl=5; detail=l1',
        'Cache-Control': 'no-cache',
      },
    });
  });

  test.each(['"812"', 'W/"812"', '*', '"1", "812"'])('is 304 for If-None-Match: %s', (header) => {
    const { status, body, headers } = cachedReply(read, {
      ...options,
      ifNoneMatch: parseTagCondition(header),
    });
    expect(status).toBe(304);
    expect(body).toBeUndefined();
    expect(headers).toMatchObject({ ETag: '"812"', 'Cache-Status': 'user-service; hit; ttl=5; detail=l1' });
  });

  test('is 200 for If-None-Match with an older version', () => {
    expect(cachedReply(read, { ...options, ifNoneMatch: parseTagCondition('"811"') }).status).toBe(200);
  });

  test.each(['*', '"0"'])(
    'is 404 with Cache-Status when there is no value, also for If-None-Match: %s',
    (header) => {
      const missing = { value: null, version: '0', cache: { hit: 'l2' } } as const;
      const problem = problemOf(() =>
        cachedReply(missing, { ...options, ifNoneMatch: parseTagCondition(header) }),
      );
      expect(problem).toMatchObject({ status: 404, code: 'NOT_FOUND', message: 'There is no such user.' });
      expect(problem.headers).toEqual({ 'Cache-Status': 'user-service; hit; detail=l2' });
    },
  );

  test('has no ETag, and is never 304, when the value has no version of its own', () => {
    const counts = { value: { n: 1 }, version: '0', cache: { hit: 'l2' } } as const;
    const { status, headers } = cachedReply(counts, { ...options, ifNoneMatch: parseTagCondition('"0"') });
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty('ETag');
  });
});

describe('preconditions of a write', () => {
  test.each([
    ['no condition', {}, null],
    ['the present version', { 'if-match': parseTagCondition('"812"') }, '812'],
    ['any version', { 'if-match': parseTagCondition('*') }, '812'],
    ['nothing there yet', { 'if-none-match': parseTagCondition('*') }, null],
  ])('hold: %s', (_what, headers, version) => {
    expect(() => checkPreconditions(headers, version)).not.toThrow();
  });

  test.each([
    ['another version', { 'if-match': parseTagCondition('"811"') }, '812'],
    ['a weak tag', { 'if-match': parseTagCondition('W/"812"') }, '812'],
    ['any version of what is not there', { 'if-match': parseTagCondition('*') }, null],
    ['already there', { 'if-none-match': parseTagCondition('*') }, '812'],
  ])('fail with 412: %s', (_what, headers, version) => {
    const problem = problemOf(() => checkPreconditions(headers, version));
    expect(problem).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
    expect(problem.headers).toEqual(version === null ? {} : { ETag: '"812"' });
  });
});
