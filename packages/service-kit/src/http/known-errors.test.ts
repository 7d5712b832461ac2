import { FreshetError } from '@freshet/cache-core';
import { describe, expect, test } from 'vitest';
import { problemFor } from './known-errors.ts';

describe('errors of the cache library', () => {
  test.each([
    ['FRESHET_INVALID_ID', 400, 'INVALID_ID'],
    ['FRESHET_INVALID_VERSION', 400, 'INVALID_VERSION'],
    ['FRESHET_UNAVAILABLE', 503, 'UNAVAILABLE'],
    ['FRESHET_OVERLOADED', 503, 'OVERLOADED'],
    ['FRESHET_LOAD_TIMEOUT', 503, 'LOAD_TIMEOUT'],
    ['FRESHET_STRONG_WRITE_TIMEOUT', 503, 'STRONG_WRITE_TIMEOUT'],
    ['FRESHET_COMMIT_UNKNOWN', 503, 'COMMIT_UNKNOWN'],
  ] as const)('%s is %i %s', (code, status, expected) => {
    const problem = problemFor(new FreshetError(code, 'inner words'));
    expect(problem).toMatchObject({ status, code: expected });
    expect(problem?.headers).toEqual(status === 503 ? { 'Retry-After': '1' } : {});
    expect(problem?.document().detail).not.toContain('inner words');
  });

  test('an unknown outcome says so, and how to find out', () => {
    const detail = problemFor(new FreshetError('FRESHET_COMMIT_UNKNOWN', ''))?.message;
    expect(detail).toMatch(/may or may not have been made/);
    expect(detail).toMatch(/[Rr]ead .* before repeating/);
  });

  test.each(['FRESHET_UNAVAILABLE', 'FRESHET_STRONG_WRITE_TIMEOUT', 'FRESHET_OVERLOADED'] as const)(
    '%s says that nothing was changed',
    (code) => {
      expect(problemFor(new FreshetError(code, ''))?.message).toMatch(/^Nothing was changed: .* Try again/);
    },
  );

  test('they are known by their code, not by their class', () => {
    expect(problemFor({ code: 'FRESHET_OVERLOADED' })).toMatchObject({ status: 503 });
  });

  test.each(['FRESHET_INVALID_OPTIONS', 'FRESHET_UNBLESSED', 'FRESHET_ROLLED_BACK'] as const)(
    '%s is a mistake of ours',
    (code) => {
      expect(problemFor(new FreshetError(code, ''))).toBeUndefined();
    },
  );
});

const error = (code: string, more: object = {}) => Object.assign(new Error('inner words'), { code }, more);

describe('errors of Postgres', () => {
  test.each([
    '57P01',
    '57P03',
    '08006',
    '53300',
    '55P03',
    '57014',
    '40P01',
    '40001',
    '25006',
    '25P04',
    '28P01',
  ])('SQLSTATE %s is 503', (code) => {
    expect(problemFor(error(code))).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
  });

  test.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND'])('%s is 503', (code) => {
    expect(problemFor(error(code, { syscall: 'connect' }))).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(problemFor(new AggregateError([error(code, { syscall: 'connect' })]))).toMatchObject({
      status: 503,
    });
  });

  test.each(['23505', '42P01', '42601', '22P02'])('SQLSTATE %s is a mistake of ours', (code) => {
    expect(problemFor(error(code))).toBeUndefined();
  });

  test('a text with U+0000 that no schema caught is 400', () => {
    expect(problemFor(error('22021'))).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  });
});

test.each([undefined, null, 'text', 1, {}, new Error('x'), error('ENOENT')])(
  '%o is foreseen by nobody',
  (thrown) => {
    expect(problemFor(thrown)).toBeUndefined();
  },
);
