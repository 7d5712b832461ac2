import { randomUUID } from 'node:crypto';
import { eventually, startFaultProxy, type TestDatabase } from '@freshet/test-kit';
import {
  type FreshetProcess,
  runSql,
  startSystem,
  type System,
  untilBypassed,
  untilHit,
} from '@freshet/test-kit/system';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

let system: System;
let database: TestDatabase;
let replicas: readonly [FreshetProcess, FreshetProcess];
let id: string;
let path: string;

async function startAnew(): Promise<void> {
  system = await startSystem({ domains: ['user'] });
  database = system.databases.user as TestDatabase;
  replicas = system.replicas.user as [FreshetProcess, FreshetProcess];
}

/** A user whom both replicas hold in memory. */
async function holdUser(): Promise<void> {
  const body = { name: 'Ada', email: `ada-${randomUUID()}@example.com` };
  const created = await replicas[0].send('POST', '/users', { body });
  id = String(created.json?.['id']);
  path = String(created.headers.location);
  for (const replica of replicas) await untilHit(replica, path);
}

const nameAt = async (replica: FreshetProcess) => (await replica.send('GET', path)).json?.['name'];
const renameInSql = (name: string) =>
  runSql(database, 'update users set name = $2 where id = $1', [id, name]);

describe('outages that leave the system whole, all but the last', () => {
  beforeAll(startAnew);
  beforeEach(holdUser);

  it('Redis down: reads and writes go on, on Postgres; Redis back and empty: memory is used again', async () => {
    await system.redisCache.kill();
    for (const replica of replicas) await untilBypassed(replica, path);
    const changed = await replicas[0].send('PATCH', path, { body: { name: 'without Redis' } });
    expect(changed.status).toBe(200);
    expect(await nameAt(replicas[1])).toBe('without Redis');
    await renameInSql('by hand');
    for (const replica of replicas) expect(await nameAt(replica)).toBe('by hand');
    expect((await replicas[0].send('GET', '/readyz')).json).toMatchObject({
      status: 'ready',
      mode: 'degraded',
    });

    await system.redisCache.restart();
    for (const replica of replicas) expect((await untilHit(replica, path)).json?.['name']).toBe('by hand');
    expect((await replicas[0].send('GET', '/readyz')).json).toMatchObject({ status: 'ready', mode: 'l1' });
  });

  it('Redis restarted empty: what was changed meanwhile is not answered from memory', async () => {
    await Promise.all([system.redisCache.restart(), renameInSql('meanwhile')]);
    for (const replica of replicas) {
      await eventually(async () => (await nameAt(replica)) === 'meanwhile', {
        what: `${replica.name} answers what was changed while Redis restarted`,
      });
      expect((await untilHit(replica, path)).json?.['name']).toBe('meanwhile');
    }
  });

  it('Redis not answering: every read is answered, from Postgres', async () => {
    const proxy = await startFaultProxy({ url: system.redisCache.url });
    const replica = await system.startReplica('user', { REDIS_CACHE_URL: proxy.url });
    await untilHit(replica, path);
    proxy.pause();
    await untilBypassed(replica, path);
    await renameInSql('not told by Redis');
    const names = await Promise.all(Array.from({ length: 20 }, () => nameAt(replica)));
    expect(new Set(names)).toEqual(new Set(['not told by Redis']));
    const changed = await replica.send('PATCH', path, { body: { name: 'Augusta' } });
    expect(changed.status).toBe(200);
    expect(proxy.stats().heldBytes).toBeGreaterThan(0);
    proxy.resume();
    expect((await untilHit(replica, path)).json?.['name']).toBe('Augusta');
  });

  it('a writer killed between its COMMIT and the invalidation: the other replica is told all the same', async () => {
    const proxy = await startFaultProxy({ url: database.url });
    const writer = await system.startReplica('user', { DATABASE_URL: proxy.url });
    const unwatch = proxy.watch((chunk, direction) => {
      if (direction === 'toServer' && chunk.includes('commit')) proxy.pause('toClient');
    });
    const lost = writer.send('PATCH', path, { body: { name: 'Augusta' } }).catch(() => null);
    await eventually(
      async () => {
        const [row] = await runSql<{ name: string }>(database, 'select name from users where id = $1', [id]);
        return row?.name === 'Augusta';
      },
      { what: 'the change is committed' },
    );
    await writer.kill();
    unwatch();
    expect(await lost).toBeNull();
    for (const replica of replicas) {
      await eventually(async () => (await nameAt(replica)) === 'Augusta', {
        what: `${replica.name} answers what the killed writer committed`,
      });
    }
  });

  it('a replica killed and started again reads what it missed', async () => {
    await replicas[1].kill();
    await replicas[0].send('PATCH', path, { body: { name: 'while it was away' } });
    const again = await system.startReplica('user');
    expect((await untilHit(again, path)).json?.['name']).toBe('while it was away');
  });
});

describe('a system that loses its relay', () => {
  beforeAll(startAnew);
  beforeEach(holdUser);

  it('the relay dead: memory turns itself off, and then nothing old is answered', async () => {
    for (const relay of system.relays) await relay.kill();
    for (const replica of replicas) await untilBypassed(replica, path);
    for (const name of ['first', 'second', 'third']) {
      await renameInSql(name);
      for (const replica of replicas) expect(await nameAt(replica)).toBe(name);
    }
    await system.startRelay();
    for (const replica of replicas) expect((await untilHit(replica, path)).json?.['name']).toBe('third');
  });
});
