import { describe, expect, test } from 'vitest';
import { entityTag, matchesStrongly, matchesWeakly, parseTagCondition } from './entity-tag.ts';

const strong = (value: string) => ({ weak: false, value });
const weak = (value: string) => ({ weak: true, value });

describe('parsing If-Match and If-None-Match', () => {
  test.each([
    ['*', '*'],
    [' * ', '*'],
    ['"812"', [strong('812')]],
    ['W/"812"', [weak('812')]],
    ['"1", W/"2" ,"3"', [strong('1'), weak('2'), strong('3')]],
    ['"1",', [strong('1')]],
    ['""', [strong('')]],
    ['"a,b"', [strong('a,b')]],
  ])('%s', (header, expected) => {
    expect(parseTagCondition(header)).toEqual(expected);
  });

  test.each([
    '',
    ' ',
    '812',
    "'812'",
    '"812',
    '812"',
    'w/"812"',
    '"1" "2"',
    '"a"b"',
    '*, "1"',
    ',"1"',
    '"\u0000"',
  ])('refuses %j', (header) => {
    expect(parseTagCondition(header)).toBeUndefined();
  });

  test('takes linear time for a long list that ends badly', () => {
    expect(parseTagCondition(`${'"1" , '.repeat(10_000)}x`)).toBeUndefined();
  });
});

test('a version is its own entity tag', () => {
  expect(entityTag('9223372036854775807')).toBe('"9223372036854775807"');
});

describe('strong comparison (If-Match)', () => {
  test.each([
    ['the same version', [strong('812')], '812', true],
    ['one of several', [strong('1'), strong('812')], '812', true],
    ['another version', [strong('811')], '812', false],
    ['a weak tag', [weak('812')], '812', false],
    ['anything, when it is there', '*', '812', true],
    ['anything, when it is not there', '*', null, false],
    ['a version of what is not there', [strong('812')], null, false],
    ['the same number written otherwise', [strong('0812')], '812', false],
  ] as const)('%s', (_what, condition, version, expected) => {
    expect(matchesStrongly(condition, version)).toBe(expected);
  });
});

describe('weak comparison (If-None-Match)', () => {
  test.each([
    ['the same version', [strong('812')], '812', true],
    ['a weak tag', [weak('812')], '812', true],
    ['another version', [weak('811'), strong('813')], '812', false],
    ['anything, when it is there', '*', '812', true],
    ['anything, when it is not there', '*', null, false],
  ] as const)('%s', (_what, condition, version, expected) => {
    expect(matchesWeakly(condition, version)).toBe(expected);
  });
});
