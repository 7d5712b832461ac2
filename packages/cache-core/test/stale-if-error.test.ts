import type { Answer, PolicyOptions } from '@freshet/cache-core';
import { ttl } from '@freshet/cache-core';
import { eventually } from '@freshet/test-kit';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Item, type Replica, Shop } from './shop.ts';

let shop: Shop;
let id: string;
let next = 0;

beforeAll(async () => {
  shop = await Shop.open();
});

beforeEach(() => {
  id = `stale-${next++}`;
});

const down = async (): Promise<never> => {
  throw new Error('the database is gone');
};

/** A replica whose loads fail, unless `item` says otherwise. */
function failing(item: Partial<PolicyOptions<Item>> = {}): Promise<Replica> {
  return shop.replica({ item: { staleIfError: 60_000, load: down, ...item } });
}

/** In L2, past its TTL by 10 s. */
async function expired({ cache }: Replica, version: string, changed = {}): Promise<void> {
  const blessing = cache.state().blessing ?? 0;
  const entry = { version, blessing, ageMs: 15_000, ttlMs: 5_000, keepMs: 50_000, ...changed };
  await shop.setInL2({ id, quantity: 1 }, entry);
}

async function put(quantity: number): Promise<string> {
  const version = await shop.put('item', id, quantity);
  await shop.settle();
  return version;
}

describe('an expired value in L2', () => {
  test('is served, and marked, when the origin fails', async () => {
    const replica = await failing();
    const version = await put(1);
    await expired(replica, version);
    const answer = await replica.items.read(id);
    expect(answer).toMatchObject({
      value: { id, quantity: 1 },
      version,
      cache: { fwd: 'stale', detail: 'stale-if-error' },
    });
    expect(answer.cache.ttlMs).toBeLessThan(-9_000);
    expect(replica.cache.stats()['item']).toMatchObject({ staleIfError: 1, l1Entries: 0 });
    expect(await shop.inspector.exists(`{shop:item:${id}}:refresh`)).toBe(0);
  });

  test('is served when the origin does not answer in time', async () => {
    const replica = await shop.replica({
      item: { staleIfError: 60_000, load: () => new Promise(() => {}) },
      timings: { loadTimeoutMs: 50 },
    });
    await expired(replica, await put(1));
    expect((await replica.items.read(id)).cache.detail).toBe('stale-if-error');
  });

  test('is replaced, and not served, while the origin answers', async () => {
    const replica = await shop.replica({ item: { staleIfError: 60_000 } });
    await expired(replica, await put(2));
    const answer = await replica.items.read(id);
    expect(answer).toMatchObject({ value: { quantity: 2 }, cache: { fwd: 'stale', stored: true } });
    expect((await replica.items.read(id)).cache.hit).toBe('l1');
    expect(await shop.inspector.pttl(`shop:item:${id}`)).toBeGreaterThan(0.89 * 900_000 + 60_000 - 5_000);
  });

  test('is an error where staleIfError is not set', async () => {
    const replica = await failing({ staleIfError: 0 });
    await put(1);
    await expect(replica.items.get(id)).rejects.toThrow('the database is gone');
  });

  test('is an error once it is older than allowed', async () => {
    const replica = await failing({ staleIfError: 9_000 });
    await expired(replica, await put(1));
    await expect(replica.items.get(id)).rejects.toThrow('the database is gone');
  });

  test('G1: is gone once it was invalidated', async () => {
    const replica = await failing();
    await expired(replica, await put(1));
    await put(2);
    await expect(replica.items.get(id)).rejects.toThrow('the database is gone');
  });

  test('G1: is gone when it was invalidated while the origin was asked', async () => {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const replica = await failing({
      async load() {
        reached.resolve();
        await gate.promise;
        return await down();
      },
    });
    await expired(replica, await put(1));
    const read = replica.items.get(id);
    await reached.promise;
    await put(2);
    gate.resolve();
    await expect(read).rejects.toThrow('the database is gone');
  });

  test('G1, G2: is not believed without a lease, unless the policy serves then', async () => {
    const own = await Shop.open();
    const item = { staleIfError: 60_000, load: down };
    const careful = await own.replica({ item });
    const careless = await own.replica({ item: { ...item, whenUnproven: 'serve' } });
    const version = await own.put('item', id, 1);
    await own.settle();
    const blessing = careful.cache.state().blessing ?? 0;
    const entry = { version, blessing, ageMs: 15_000, ttlMs: 5_000, keepMs: 50_000 };
    await own.setInL2({ id, quantity: 1 }, entry);
    expect((await careful.items.read(id)).cache.detail).toBe('stale-if-error');
    own.relay.stopTicking();
    await eventually(
      async () => {
        await expect(careful.items.get(id)).rejects.toThrow('the database is gone');
        return true;
      },
      { what: 'nothing proves any more that it was not invalidated' },
    );
    expect((await careless.items.read(id)).cache.detail).toBe('stale-if-error');
  });

  test('G3: is passed by when it is older than asked for', async () => {
    const replica = await failing();
    const version = await put(1);
    await expired(replica, version);
    const newer = String(BigInt(version) + 1n);
    await expect(replica.items.read(id, { minVersion: newer })).rejects.toThrow('the database is gone');
    expect((await replica.items.read(id, { minVersion: version })).cache.detail).toBe('stale-if-error');
  });

  test('G2: is void under a newer blessing', async () => {
    const replica = await failing();
    await expired(replica, await put(1), { blessing: 0 });
    await expect(replica.items.get(id)).rejects.toThrow('the database is gone');
  });

  test('G7: is replaced by one process; the others wait for it', async () => {
    const replica = await shop.replica({ item: { staleIfError: 60_000 } });
    const version = await put(1);
    await expired(replica, version);
    await shop.inspector.set(`{shop:item:${id}}:refresh`, '{"lease":"of another"}', 'PX', 60_000);
    let read: Promise<Answer<Item>> | undefined;
    await shop.untilSent([`{shop:item:${id}}:refresh`], () => {
      read = replica.items.read(id);
    });
    // What the other one stores.
    await expired(replica, version, { ageMs: 0 });
    expect((await read)?.cache.hit).toBe('l2');
    expect(replica.loads()).toBe(0);
  });

  test('G7: is replaced by whoever has waited long enough for another', async () => {
    const replica = await shop.replica({ item: { staleIfError: 60_000 }, timings: { fillWaitMs: 20 } });
    await expired(replica, await put(1));
    await shop.inspector.set(`{shop:item:${id}}:refresh`, '{"lease":"of one that died"}', 'PX', 60_000);
    expect((await replica.items.read(id)).cache).toMatchObject({ fwd: 'stale', stored: true });
  });
});

describe('an expired value in memory', () => {
  async function onlyInMemory(from = shop): Promise<{ replica: Replica; fail: () => void }> {
    let failed = false;
    const version = await from.put('item', id, 1);
    await from.settle();
    const replica = await from.replica({
      item: {
        ttl: ttl.of({ ms: 1_000 }),
        negativeTtl: 1_000,
        staleIfError: 60_000,
        load: async () => (failed ? await down() : { value: { id, quantity: 1 }, version }),
      },
      timings: { fillWaitMs: 5 },
    });
    await replica.items.get(id);
    expect((await replica.items.read(id)).cache.hit).toBe('l1');
    await from.inspector.del(`shop:item:${id}`);
    return {
      replica,
      fail() {
        failed = true;
      },
    };
  }

  test('is served too, until it is invalidated', async () => {
    const { replica, fail } = await onlyInMemory();
    fail();
    const answer = await eventually(
      async () => {
        const read = await replica.items.read(id);
        return read.cache.hit === undefined && read;
      },
      { what: 'it has expired' },
    );
    expect(answer).toMatchObject({
      value: { quantity: 1 },
      cache: { fwd: 'stale', detail: 'stale-if-error' },
    });
    await put(2);
    await eventually(() => replica.cache.stats()['item']?.l1Entries === 0, { what: 'the change is applied' });
    await expect(replica.items.get(id)).rejects.toThrow('the database is gone');
  });

  test('G1: is not believed without a lease', async () => {
    const own = await Shop.open();
    const { replica, fail } = await onlyInMemory(own);
    fail();
    await eventually(async () => (await replica.items.read(id)).cache.detail === 'stale-if-error', {
      what: 'it has expired',
    });
    own.relay.stopTicking();
    await eventually(() => replica.cache.state().mode === 'degraded', { what: 'the lease is lost' });
    await expect(replica.items.get(id)).rejects.toThrow('the database is gone');
  });
});

test('L2 keeps an entry past its TTL, and one without a version no longer than that', async () => {
  const replica = await shop.replica({ item: { staleIfError: 60_000_000 } });
  await put(1);
  await replica.items.get(id);
  await replica.items.get(`${id}-missing`);
  expect(await shop.inspector.pttl(`shop:item:${id}`)).toBeGreaterThan(60_000_000);
  expect(JSON.parse((await shop.inspector.get(`shop:item:${id}`)) ?? '')['ttl']).toBeLessThan(1_000_000);
  expect(await shop.inspector.pttl(`shop:item:${id}-missing`)).toBeLessThan(40_000);
});

test('a schema version is remembered for as long as its entries may live', async () => {
  await shop.replica({ item: { staleIfError: 60_000_000 } });
  const { rows } = await shop.pool.query<{ ttl_ms: string }>(
    "select ttl_ms from freshet.schema_version where entity = 'item'",
  );
  expect(Number(rows[0]?.ttl_ms)).toBeGreaterThanOrEqual(60_900_000);
});

test('G4: a strong write publishes an entry that is kept as long, and takes the expired one away', async () => {
  const replica = await shop.replica({ stock: { staleIfError: 60_000_000 } });
  await replica.stock.write(id, (client) =>
    client.query('insert into stock (id, quantity) values ($1, 1)', [id]),
  );
  expect(await shop.inspector.pttl(`shop:stock:${id}`)).toBeGreaterThan(60_000_000);
});
