import { eventually } from '@freshet/test-kit';
import { problemIn, startSystem } from '@freshet/test-kit/system';
import { describe, expect, it } from 'vitest';
import { startReplica } from './replica.ts';

describe('/readyz', () => {
  it('says yes with a lease, and stays so when the lease is lost', async () => {
    const system = await startSystem({ domains: ['user'], replicas: 1 });
    const [replica] = system.replicas.user;
    expect((await replica?.send('GET', '/readyz'))?.json).toMatchObject({
      mode: 'l1',
      lease: { held: true },
    });
    await system.redisCache.kill();
    await eventually(
      async () => {
        const answer = await replica?.send('GET', '/readyz');
        expect(answer).toMatchObject({ status: 200, json: { mode: 'degraded', lease: { held: false } } });
      },
      { what: 'it serves degraded' },
    );
  });

  it('starts without Redis', async () => {
    const replica = await startReplica({
      REDIS_CACHE_URL: 'redis://127.0.0.1:1',
      READY_WITHOUT_LEASE_AFTER_MS: '0',
    });
    expect((await replica.send('GET', '/readyz')).json).toMatchObject({ mode: 'degraded' });
    const answer = await replica.send('GET', '/users/01890a5d-ac96-774b-bcce-b302099a8057');
    expect(problemIn(answer)).toBe('404 NOT_FOUND');
    expect(answer.headers['cache-status']).toMatch(/^user-service; fwd=bypass; detail=/);
  });
});
