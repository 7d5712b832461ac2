import { connectRedis } from '@freshet/cache-core';
import { disposeAtEnd } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { reasonOf } from './reason-of.ts';

test('operators read that Redis is not connected, not how the client is configured', async () => {
  const redis = connectRedis('redis://127.0.0.1:1');
  disposeAtEnd('a connection to nobody', async () => redis.disconnect());
  redis.on('error', () => {});
  const failure: unknown = await redis.ping().catch((error: unknown) => error);
  expect(reasonOf(failure)).toBe('not connected to Redis');
});
