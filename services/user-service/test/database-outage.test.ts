import { connectRedis } from '@freshet/cache-core';
import { eventually } from '@freshet/test-kit';
import { type Answer, problemIn, type LoneReplica } from '@freshet/test-kit/system';
import { beforeEach, describe, expect, it } from 'vitest';
import { startReplica } from './replica.ts';

let replica: LoneReplica;
let path: string;
let userId: string;
beforeEach(async () => {
  replica = await startReplica();
  const body = { name: 'Ada', email: 'ada@example.com' };
  const created = await replica.send('POST', '/users', { body });
  userId = String(created.json?.['id']);
  path = String(created.headers.location);
});

/** One request to every route. */
function everyRoute(): Promise<Answer[]> {
  const session = `/sessions/${userId}`;
  return Promise.all([
    replica.send('POST', '/users', { body: { name: 'Grace', email: 'grace@example.com' } }),
    replica.send('GET', path),
    replica.send('PATCH', path, { body: { name: 'Augusta' } }),
    replica.send('DELETE', path),
    replica.send('POST', '/sessions', { body: { userId } }),
    replica.send('GET', session),
    replica.send('DELETE', session),
  ]);
}

function expectUnavailable(answers: readonly Answer[]): void {
  for (const answer of answers) {
    expect(problemIn(answer)).toMatch(/^503 /);
    expect(answer.json?.['code']).toMatch(/^(DATABASE_UNAVAILABLE|LOAD_TIMEOUT)$/);
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
  }
}

describe('Postgres', () => {
  it('down: every route answers 503, and works again when it is back', async () => {
    await replica.databaseProxy.refuse();
    replica.databaseProxy.cut();
    expectUnavailable(await everyRoute());
    expect((await replica.send('GET', '/livez')).status).toBe(200);
    await replica.databaseProxy.accept();
    await eventually(async () => (await replica.send('GET', path)).status === 200, {
      what: 'reads work again',
    });
    expect((await replica.send('PATCH', path, { body: { name: 'Augusta' } })).status).toBe(200);
  });

  it('not answering: every route answers 503 within its deadlines', async () => {
    replica.databaseProxy.pause();
    expectUnavailable(await everyRoute());
    expect(replica.databaseProxy.stats().heldBytes).toBeGreaterThan(0);
    replica.databaseProxy.resume();
    await eventually(async () => (await replica.send('GET', path)).status === 200, {
      what: 'reads work again',
    });
  });

  it('losing the answer to COMMIT: the caller is told that nobody knows, and the cached entry is dropped', async () => {
    const key = `user:profile:${userId}`;
    const redis = connectRedis(replica.redis.url);
    await eventually(() => redis.ping(), { what: 'Redis answers' });
    const now = Date.now();
    await redis.set(key, JSON.stringify({ v: '1', b: 0, at: now, ttl: 60_000, cost: 1, d: null }));
    const unwatch = replica.databaseProxy.watch((chunk, direction) => {
      if (direction === 'toServer' && chunk.includes('commit')) replica.databaseProxy.drop('toClient');
    });
    const changing = replica.send('PATCH', path, { body: { name: 'Augusta' } });
    await eventually(() => replica.databaseProxy.stats().droppedBytes > 0, {
      what: 'the answer to COMMIT was lost',
    });
    unwatch();
    replica.databaseProxy.resume();
    expect(problemIn(await changing)).toBe('503 COMMIT_UNKNOWN');
    expect(await redis.exists(key)).toBe(0);
    redis.disconnect();
    expect((await replica.send('GET', path)).json?.['name']).toBe('Augusta');
  });
});
