import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions, MAX_VERSION, NO_VERSION, parseVersion } from './version.ts';

const version = fc.oneof(
  fc.bigInt({ min: 0n, max: BigInt(MAX_VERSION) }),
  // Neighbours that are one and the same as Lua or JavaScript numbers.
  fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 3n }),
  fc.bigInt({ min: 2n ** 63n - 4n, max: 2n ** 63n - 1n }),
);

test('versions compare as the integers that they are', () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      const order = compareVersions(String(a), String(b));
      expect(Math.sign(order)).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test('every version is read as it is written', () => {
  fc.assert(
    fc.property(version, (value) => {
      expect(parseVersion(value)).toBe(String(value));
      expect(parseVersion(String(value))).toBe(String(value));
    }),
  );
  expect(parseVersion(17)).toBe('17');
  expect(parseVersion(MAX_VERSION)).toBe(MAX_VERSION);
  expect(parseVersion(0)).toBe(NO_VERSION);
});

test.each<string | number | bigint>([
  '',
  ' 1',
  '1\n',
  '01',
  '-1',
  '+1',
  '1.0',
  '1e3',
  '0x1',
  '9223372036854775808',
  '10000000000000000000',
  'NaN',
  '__proto__',
  '١',
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  // A number beyond 2^53 has already lost what it was.
  2 ** 53,
  -1n,
  2n ** 63n,
])('%s is no version', (input) => {
  expect(() => parseVersion(input)).toThrow(expect.objectContaining({ code: 'FRESHET_INVALID_VERSION' }));
});
