import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FreshetError } from '../errors.ts';
import {
  type CacheId,
  encodeId,
  encodeIdPart,
  isValidId,
  keyPrefix,
  logicalKey,
  parseLogicalKey,
  physicalKey,
} from './key.ts';

// Whole code points, C0 and C1 control characters left out: what an id may consist of.
const idPart = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .filter((text) => !/\p{Cc}/u.test(text) && encodeURIComponent(text).length <= 400);
// Where separators and encodings could be confused.
const trickyPart = fc.string({
  unit: fc.constantFrom(':', '{', '}', '%', '3', 'A', 'a', '%3A', '/', ' ', '.'),
  minLength: 1,
  maxLength: 8,
});
const id: fc.Arbitrary<CacheId> = fc.oneof(
  idPart,
  trickyPart,
  fc.array(fc.oneof(idPart, trickyPart), { minLength: 1, maxLength: 4 }),
);
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/).filter((text) => !/^v\d+$/.test(text));
const partsOf = (cacheId: CacheId): readonly string[] => (typeof cacheId === 'string' ? [cacheId] : cacheId);

describe('an encoded id', () => {
  test('differs for ids that differ', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        const same = JSON.stringify(partsOf(a)) === JSON.stringify(partsOf(b));
        expect(encodeId(a) === encodeId(b)).toBe(same);
      }),
    );
  });

  test('separates a:b + c from a + b:c', () => {
    expect(encodeId(['a:b', 'c'])).toBe('a%3Ab:c');
    expect(encodeId(['a', 'b:c'])).toBe('a:b%3Ac');
    expect(encodeId('a:b')).not.toBe(encodeId(['a', 'b']));
  });

  test('holds only unreserved characters and percent signs, so no separator and no hash tag', () => {
    fc.assert(
      fc.property(fc.oneof(idPart, trickyPart), (part) => {
        expect(encodeIdPart(part)).toMatch(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+$/);
      }),
    );
  });

  test('is the id itself where that is plain', () => {
    expect(encodeIdPart('a-1_2.3~Z')).toBe('a-1_2.3~Z');
    expect(encodeIdPart("!'()*")).toBe('%21%27%28%29%2A');
  });
});

describe('a hostile id is refused', () => {
  test.each([
    ['empty', ''],
    ['a line break', 'a\r\nDEL b'],
    ['NUL', 'a\u0000b'],
    ['DEL', 'a\u007f'],
    ['a C1 control character', 'a\u0085'],
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00a'],
    ['too long', 'a'.repeat(513)],
    ['too long once it is encoded', 'é'.repeat(100)],
  ])('%s', (_, hostile) => {
    expect(isValidId(hostile)).toBe(false);
    for (const cacheId of [hostile, ['a', hostile]]) {
      expect(() => logicalKey('user', 'profile', cacheId)).toThrow(
        expect.objectContaining({ code: 'FRESHET_INVALID_ID', retryable: false }),
      );
      expect(() => physicalKey('user', 'profile', 2, cacheId)).toThrow(
        expect.objectContaining({ code: 'FRESHET_INVALID_ID' }),
      );
    }
  });

  test.each([[[]], [[['a']]], [42], [null], [{}]])('of no type that an id has: %j', (value) => {
    // What a caller without types may pass on from a request's body.
    expect(() => encodeId(value as CacheId)).toThrow(expect.objectContaining({ code: 'FRESHET_INVALID_ID' }));
    expect(isValidId(value as string)).toBe(false);
  });

  test('and the longest one is not', () => {
    expect(isValidId('a'.repeat(512))).toBe(true);
  });
});

describe('a key', () => {
  test('names its schema version from 2 on', () => {
    expect(logicalKey('user', 'profile', '123')).toBe('user:profile:123');
    expect(physicalKey('user', 'profile', 1, '123')).toBe('user:profile:123');
    expect(physicalKey('user', 'profile', 2, '123')).toBe('user:v2:profile:123');
    expect(physicalKey('user', 'profile', 2, ['a', '{b}'])).toBe('user:v2:profile:a:%7Bb%7D');
    expect(keyPrefix('user', 'profile', 2)).toBe('user:v2:profile:');
  });

  test('of one schema version is never a key of another entity or schema version', () => {
    fc.assert(
      fc.property(name, name, id, fc.integer({ min: 1, max: 3 }), name, id, (service, a, idA, n, b, idB) => {
        fc.pre(a !== b);
        expect(physicalKey(service, a, n, idA)).not.toBe(physicalKey(service, b, 1, idB));
        expect(physicalKey(service, a, n, idA)).not.toBe(physicalKey(service, a, n + 1, idA));
      }),
    );
  });

  test('is read back as what it was made of', () => {
    fc.assert(
      fc.property(name, name, id, (service, entity, cacheId) => {
        expect(parseLogicalKey(logicalKey(service, entity, cacheId))).toEqual({
          service,
          entity,
          idParts: partsOf(cacheId),
        });
      }),
    );
  });

  test('without an id is a whole entity', () => {
    expect(parseLogicalKey('user:profile')).toEqual({ service: 'user', entity: 'profile', idParts: null });
  });

  test.each([
    '',
    'user',
    'user:',
    'user:profile:',
    'user:profile::',
    'User:profile:1',
    'user:v2:profile:1',
    'user:profile:%',
    'user:profile:%zz',
    'user:profile:%00',
    'user:profile:a b',
    'user:profile:%61',
    'user:profile:%3a',
    '__proto__:profile:1',
  ])('is refused when it is none, or another spelling of one: %j', (key) => {
    expect(() => parseLogicalKey(key)).toThrow(expect.objectContaining({ code: 'FRESHET_INVALID_KEY' }));
  });

  test('is read without a throw of any other kind', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), trickyPart), (text) => {
        const thrown = codeThrownBy(() => parseLogicalKey(`user:profile:${text}`));
        expect([null, 'FRESHET_INVALID_KEY']).toContain(thrown);
      }),
    );
  });
});

function codeThrownBy(act: () => unknown): unknown {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof FreshetError ? error.code : error;
  }
}
