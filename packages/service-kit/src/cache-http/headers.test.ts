import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { readHeaders, writeHeaders } from './headers.ts';

const read = z.object(readHeaders);
const write = z.object(writeHeaders);

describe('Freshet-Min-Version', () => {
  test.each([
    ['0', '0'],
    ['812', '812'],
    ['9223372036854775807', '9223372036854775807'],
    ['0000000000000000812', '812'],
  ])('%s is %s', (text, expected) => {
    expect(read.parse({ 'freshet-min-version': text })['freshet-min-version']).toBe(expected);
  });

  test.each([
    '',
    ' ',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1f',
    '"812"',
    '12345678901234567890',
    '812 ',
    '٣',
    'NaN',
    '1,2',
  ])('refuses %j', (text) => {
    expect(read.safeParse({ 'freshet-min-version': text }).success).toBe(false);
  });
});

test('headers are optional, and others are let through', () => {
  expect(read.parse({ host: 'localhost' })).toEqual({});
  expect(write.parse({ accept: '*/*' })).toEqual({});
});

test('malformed tags are refused with what to write', () => {
  const parsed = write.safeParse({ 'if-match': '812' });
  expect(parsed.error?.issues[0]?.message).toContain('"812"');
  expect(read.safeParse({ 'if-none-match': 'W/812' }).success).toBe(false);
});
