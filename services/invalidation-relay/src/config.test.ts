import { expect, test } from 'vitest';
import { readRelayConfig } from './config.ts';

const environment = {
  REDIS_CACHE_URL: 'redis://127.0.0.1:1',
  REDIS_QUEUE_URL: 'redis://127.0.0.1:1',
  FRESHET_DOMAINS: 'user',
  USER_DATABASE_URL: 'postgres://postgres@127.0.0.1:1/user',
};

test('the defaults fit together', () => {
  expect(() => readRelayConfig(environment)).not.toThrow();
});

test.each([
  ['a lease that outlives every bound', { FRESHET_LEASE_MS: '2001' }],
  ['a lease and a transaction that no fence outlasts', { FRESHET_STRONG_TRANSACTION_MS: '3402' }],
])('%s is refused', (_, changed) => {
  expect(() => readRelayConfig({ ...environment, ...changed })).toThrow(
    expect.objectContaining({ code: 'FRESHET_CONFIG' }),
  );
});

test('what is just within the limits is not', () => {
  const changed = { FRESHET_LEASE_MS: '1500', FRESHET_STRONG_TRANSACTION_MS: '3400' };
  expect(() => readRelayConfig({ ...environment, ...changed })).not.toThrow();
});
