import { eventually, startFaultProxy, type TestDatabase } from '@freshet/test-kit';
import {
  problemIn,
  type FreshetProcess,
  runSql,
  startSystem,
  type System,
  untilBypassed,
  untilHit,
} from '@freshet/test-kit/system';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

const path = '/inventory/kettle';
let system: System;
let database: TestDatabase;
let replicas: readonly [FreshetProcess, FreshetProcess];

async function startAnew(): Promise<void> {
  system = await startSystem({ domains: ['inventory'] });
  database = system.databases.inventory as TestDatabase;
  replicas = system.replicas.inventory as [FreshetProcess, FreshetProcess];
}

/** A product whose stock both replicas hold in memory. */
async function holdStock(): Promise<void> {
  const product = { name: 'Kettle', description: '', priceCents: 1 };
  await replicas[0].send('PUT', '/products/kettle', { body: product });
  await replicas[0].send('PUT', path, { body: { quantity: 1 } });
  for (const replica of replicas) await untilHit(replica, path);
}

const put = (replica: FreshetProcess, quantity: number) => replica.send('PUT', path, { body: { quantity } });
const quantityAt = async (replica: FreshetProcess) => (await replica.send('GET', path)).json?.['quantity'];
const setInSql = (quantity: number) => runSql(database, 'update stock set quantity = $1', [quantity]);

describe('outages that leave the system whole, all but the last', () => {
  beforeAll(startAnew);
  beforeEach(holdStock);

  it('Redis down: stock is read from Postgres, and strong writes are refused and change nothing', async () => {
    await system.redisCache.kill();
    for (const replica of replicas) await untilBypassed(replica, path);
    await setInSql(2);
    for (const replica of replicas) expect(await quantityAt(replica)).toBe(2);
    const refused = await put(replicas[0], 3);
    expect(problemIn(refused)).toBe('503 UNAVAILABLE');
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    expect(await quantityAt(replicas[1])).toBe(2);
    // A product is cached aside: it can be changed all the same.
    const product = { name: 'Kettle', description: 'changed', priceCents: 1 };
    expect((await replicas[0].send('PUT', '/products/kettle', { body: product })).status).toBe(200);
    expect((await replicas[1].send('GET', '/products/kettle')).json).toMatchObject(product);
    expect((await replicas[0].send('GET', '/inventory/summary')).json).toMatchObject({ units: 2 });

    await system.redisCache.restart();
    await eventually(async () => (await put(replicas[0], 4)).status === 200, {
      what: 'stock can be written again',
    });
    expect(await quantityAt(replicas[1])).toBe(4);
    for (const replica of replicas) expect((await untilHit(replica, path)).json?.['quantity']).toBe(4);
  });

  it('Postgres out of reach of a replica: what it remembers is answered, and writes are refused', async () => {
    const proxy = await startFaultProxy({ url: database.url });
    const replica = await system.startReplica('inventory', { DATABASE_URL: proxy.url });
    await untilHit(replica, path);
    await proxy.refuse();
    proxy.cut();
    expect((await untilHit(replica, path)).json?.['quantity']).toBe(1);
    expect(problemIn(await put(replica, 2))).toBe('503 DATABASE_UNAVAILABLE');
    expect(problemIn(await replica.send('GET', '/inventory/nothing'))).toBe('503 DATABASE_UNAVAILABLE');
    expect(await quantityAt(replicas[0])).toBe(1);
    await proxy.accept();
    await eventually(async () => (await put(replica, 2)).status === 200, {
      what: 'stock can be written again',
    });
    expect(await quantityAt(replicas[0])).toBe(2);
  });

  it('a replica killed in the middle of its writes: the other goes on, and reads what was committed', async () => {
    const writes = Array.from({ length: 20 }, (_, n) => put(replicas[1], 100 + n).catch(() => null));
    await replicas[1].kill();
    expect(await Promise.all(writes)).toContain(null);
    await eventually(
      async () => {
        const [row] = await runSql<{ quantity: number }>(database, 'select quantity from stock');
        expect(await quantityAt(replicas[0])).toBe(row?.quantity);
      },
      { what: 'the other replica answers what is in the database' },
    );
    await eventually(async () => (await put(replicas[0], 7)).status === 200, {
      what: 'the other replica can write',
    });
    expect(await quantityAt(replicas[0])).toBe(7);
  });
});

describe('a system that loses its relay', () => {
  beforeAll(startAnew);
  beforeEach(holdStock);

  it('the relay dead: memory turns itself off, and strong writes go on', async () => {
    for (const relay of system.relays) await relay.kill();
    for (const replica of replicas) await untilBypassed(replica, path);
    for (const quantity of [10, 11, 12]) {
      expect((await put(replicas[0], quantity)).status).toBe(200);
      expect(await quantityAt(replicas[1])).toBe(quantity);
    }
    await setInSql(13);
    for (const replica of replicas) expect(await quantityAt(replica)).toBe(13);
    await system.startRelay();
    for (const replica of replicas) expect((await untilHit(replica, path)).json?.['quantity']).toBe(13);
  });
});
