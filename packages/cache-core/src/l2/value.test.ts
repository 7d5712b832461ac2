import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeValue, encodeEntry, type L2Entry } from './value.ts';

const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const entry: fc.Arbitrary<L2Entry> = fc.record({
  version: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String),
  blessing: count,
  at: count,
  ttl: count,
  cost: count,
  payload: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
});

test('what is written is read', () => {
  fc.assert(
    fc.property(entry, (written) => {
      expect(decodeValue(encodeEntry(written))).toEqual({ kind: 'entry', entry: written });
    }),
  );
});

test.each([
  ['nothing', ''],
  ['no JSON', 'garbage'],
  ['another document', '{"a":1}'],
  ['an array', '[]'],
  ['null', 'null'],
  ['an entry cut short', '{"v":"7","b":1,"at":1,"ttl":1,"cost":1,"d":'],
  ['an entry with something behind it', '{"v":"7","b":1,"at":1,"ttl":1,"cost":1,"d":1}}'],
  ['an entry with space in front', ' {"v":"7","b":1,"at":1,"ttl":1,"cost":1,"d":1}'],
  ['an entry without a payload', '{"v":"7","b":1,"at":1,"ttl":1,"cost":1}'],
  ['a version that is none', '{"v":"-7","b":1,"at":1,"ttl":1,"cost":1,"d":1}'],
  ['an empty version', '{"v":"","b":1,"at":1,"ttl":1,"cost":1,"d":1}'],
  ['a version with leading zeros', '{"v":"007","b":1,"at":1,"ttl":1,"cost":1,"d":1}'],
  ['a version beyond 2^63', '{"v":"9223372036854775808","b":1,"at":1,"ttl":1,"cost":1,"d":1}'],
  ['a version said twice', '{"v":"7","v":7,"b":1,"at":1,"ttl":1,"cost":1,"d":1}'],
  ['a blessing that is text', '{"v":"7","b":"1","at":1,"ttl":1,"cost":1,"d":1}'],
  ['a huge blessing', '{"v":"7","b":99999999999999999999,"at":1,"ttl":1,"cost":1,"d":1}'],
  ['an infinite time', '{"v":"7","b":1,"at":1e999,"ttl":1,"cost":1,"d":1}'],
  ['a negative TTL', '{"v":"7","b":1,"at":1,"ttl":-1,"cost":1,"d":1}'],
  ['a fractional TTL', '{"v":"7","b":1,"at":1,"ttl":1.5,"cost":1,"d":1}'],
  ['no cost', '{"v":"7","b":1,"at":1,"ttl":1,"cost":null,"d":1}'],
  [
    'fields that are inherited only',
    '{"v":"7","__proto__":{"b":1,"at":1,"ttl":1,"cost":1,"d":{"admin":true}}}',
  ],
])('%s counts as absent', (_, text) => {
  expect(decodeValue(text)).toEqual({ kind: 'garbage' });
});

test('a payload with hostile keys is data, and changes no prototype', () => {
  const value = decodeValue(
    '{"v":"7","b":1,"at":1,"ttl":1,"cost":1,"d":{"__proto__":{"admin":true},"constructor":1}}',
  );
  expect(value).toMatchObject({ kind: 'entry' });
  const payload = value.kind === 'entry' ? value.entry.payload : null;
  expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
  expect(Object.keys(payload as object)).toEqual(['__proto__', 'constructor']);
  expect('admin' in {}).toBe(false);
});

test('nothing that Redis may hold makes the reader throw', () => {
  const start = fc.constantFrom('', '{"v":"', '{"v":"7","b":1,', '{"lease":"', '{"fence":{', '{');
  fc.assert(
    fc.property(start, fc.string({ unit: 'binary' }), (prefix, rest) => {
      expect(['entry', 'lease', 'fence', 'garbage']).toContain(decodeValue(prefix + rest).kind);
    }),
  );
});

test('a deeply nested payload does not make the reader throw', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  const { kind } = decodeValue(`{"v":"7","b":1,"at":1,"ttl":1,"cost":1,"d":${deep}}`);
  expect(['entry', 'garbage']).toContain(kind);
});

const encode = (payload: unknown) => () =>
  encodeEntry({ version: '7', blessing: 1, at: 1, ttl: 1, cost: 1, payload });

test.each([[undefined], [() => 1], [Symbol('s')]])(
  'a value that JSON cannot hold is refused: %s',
  (payload) => {
    expect(encode(payload)).toThrow(expect.objectContaining({ code: 'FRESHET_INVALID_VALUE' }));
  },
);

const cyclic: unknown[] = [];
cyclic.push(cyclic);

test.each([
  ['a bigint', { price: 1n }, TypeError],
  ['a cycle', cyclic, TypeError],
  ['a toJSON that throws', { toJSON: () => JSON.parse('{') as unknown }, SyntaxError],
])('a value that JSON fails on is refused, with the cause: %s', (_, payload, cause) => {
  expect(encode(payload)).toThrow(
    expect.objectContaining({ code: 'FRESHET_INVALID_VALUE', cause: expect.any(cause) as unknown }),
  );
});
