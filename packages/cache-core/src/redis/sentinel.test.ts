import { expect, test } from 'vitest';
import { parseSentinelUrl } from './sentinel.ts';

test('a Sentinel URL names Sentinels, the group, and who logs in to its servers', () => {
  expect(parseSentinelUrl('redis+sentinel://one:26379,two,[::1]:5000/cache')).toEqual({
    sentinels: [
      { host: 'one', port: 26_379 },
      { host: 'two', port: 26_379 },
      { host: '::1', port: 5_000 },
    ],
    name: 'cache',
  });
  expect(parseSentinelUrl('redis+sentinel://me:p%40ss@one/cache')).toMatchObject({
    username: 'me',
    password: 'p@ss',
  });
  expect(parseSentinelUrl('redis+sentinel://:p@one/cache')).not.toHaveProperty('username');
});

test('another URL is none', () => {
  expect(parseSentinelUrl('redis://one:6379')).toBeNull();
});

test.each(['', '/cache', 'one', 'one/', 'one,/cache', 'one:port/cache', 'a@b@one/cache', ':100%@one/cache'])(
  '%j is refused',
  (rest) => {
    expect(() => parseSentinelUrl(`redis+sentinel://${rest}`)).toThrow(
      expect.objectContaining({ code: 'FRESHET_INVALID_OPTIONS' }),
    );
  },
);
