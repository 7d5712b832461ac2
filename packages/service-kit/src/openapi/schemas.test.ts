import { expect, test } from 'vitest';
import * as z from 'zod';
import { plainText } from './schemas.ts';

const short = plainText({ min: 1, max: 3 });

test.each([
  ['', false],
  ['abc', true],
  ['abcd', false],
  ['😀😀😀', true],
  ['😀😀😀😀', false],
  ['😀'.repeat(100_000), false],
])('characters are counted, not code units: %j', (text, fits) => {
  expect(short.safeParse(text).success).toBe(fits);
});

test('a text that is too long says how long it may be', () => {
  expect(short.safeParse('abcd').error?.issues).toMatchObject([{ message: 'must have 1 to 3 characters' }]);
});

test.each(['a\u0000', 'a\u007f', '\ud83d', 'a\ude00'])('%j cannot be stored', (text) => {
  expect(short.safeParse(text).success).toBe(false);
});

test('tabs and line breaks can', () => {
  expect(short.safeParse('\t\r\n').success).toBe(true);
});

test('the document names the bounds, which JSON Schema counts in characters too', () => {
  expect(z.toJSONSchema(z.strictObject({ name: short.optional() }))).toMatchObject({
    properties: { name: { type: 'string', minLength: 1, maxLength: 3 } },
  });
});
