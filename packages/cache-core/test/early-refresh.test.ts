import { MAX_VERSION } from '@freshet/cache-core/protocol';
import { eventually } from '@freshet/test-kit';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Replica, type ReplicaOptions, Shop } from './shop.ts';

/** So early that the first hit is early enough. */
const AT_ONCE: ReplicaOptions = { item: { refreshAhead: 1e12 } };

let shop: Shop;
let id: string;
let next = 0;

beforeAll(async () => {
  shop = await Shop.open();
});

beforeEach(() => {
  id = `refresh-${next++}`;
});

/** A replica that has `id` in its memory, with most of its TTL over. */
async function holder(version: string, options: ReplicaOptions = AT_ONCE): Promise<Replica> {
  const replica = await shop.replica(options);
  const blessing = replica.cache.state().blessing ?? 0;
  const old = { version, blessing, ageMs: 800_000, ttlMs: 900_000, keepMs: 100_000 };
  await shop.setInL2({ id, quantity: 1 }, old);
  expect((await replica.items.read(id)).cache.hit).toBe('l2');
  return replica;
}

async function put(quantity: number): Promise<string> {
  const version = await shop.put('item', id, quantity);
  await shop.settle();
  return version;
}

const ttlLeft = async ({ items }: Replica): Promise<number> => (await items.read(id)).cache.ttlMs ?? 0;

const claim = (): string => `{shop:item:${id}}:refresh`;

test('an entry about to expire is replaced, and every reader is answered from memory meanwhile', async () => {
  const replica = await holder(await put(1));
  expect((await replica.items.read(id)).cache.hit).toBe('l1');
  await eventually(
    async () => {
      const { cache } = await replica.items.read(id);
      expect(cache.hit).toBe('l1');
      return (cache.ttlMs ?? 0) > 200_000;
    },
    { what: 'the entry is refreshed in memory' },
  );
  expect(replica.cache.stats()['item']).toMatchObject({ misses: 0 });
  expect(replica.cache.stats()['item']?.refreshes).toBeGreaterThan(0);
  expect(await shop.inspector.pttl(`shop:item:${id}`)).toBeGreaterThan(200_000);
  await eventually(async () => (await shop.inspector.exists(claim())) === 0, {
    what: 'the right to refresh is given back',
  });
});

test('get has it refreshed as read does', async () => {
  const replica = await holder(await put(1));
  await eventually(
    async () => {
      expect(await replica.items.get(id)).toEqual({ id, quantity: 1 });
      return replica.loads() > 0;
    },
    { what: 'a refresh loads' },
  );
});

test('is off by default', async () => {
  const replica = await holder(await put(1), { item: { refreshAhead: 0 } });
  await replica.items.get(id);
  expect(replica.loads()).toBe(0);
});

test('one process does it, and the others take what it stored', async () => {
  const version = await put(1);
  const [one, two] = [await holder(version), await holder(version)];
  await eventually(async () => (await ttlLeft(one)) > 200_000, { what: 'one process refreshes' });
  await eventually(async () => (await ttlLeft(two)) > 200_000, { what: 'the other one takes it' });
  expect(two.loads()).toBe(0);
});

test('while another process is at it, nobody else loads', async () => {
  const replica = await holder(await put(1));
  await shop.inspector.set(claim(), '{"lease":"of another"}', 'PX', 60_000);
  await shop.untilSent([claim()], () => replica.items.get(id));
  // Answered on the same connection, after the claim.
  await replica.items.get(`${id}-other`);
  expect(replica.loads()).toBe(1); // of the other id
});

test('G7: it waits behind nobody: while loads are at their bound it is left out', async () => {
  const replica = await holder(await put(1), { ...AT_ONCE, loadConcurrency: 1 });
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  replica.afterRead(() => {
    reached.resolve();
    return gate.promise;
  });
  const slow = replica.items.get(`${id}-slow`);
  await reached.promise;
  // LEASE, and then the DROP that gives the claim back.
  await shop.untilSent([claim(), MAX_VERSION], () => replica.items.get(id));
  gate.resolve();
  await slow;
  expect(replica.loads()).toBe(1);
});

test('a cached "not found" is never refreshed: it says nothing about what came between', async () => {
  const replica = await shop.replica(AT_ONCE);
  await replica.items.get(id);
  for (let turn = 0; turn < 5; turn++) await replica.items.get(id);
  await replica.items.get(`${id}-other`);
  expect(replica.loads()).toBe(2);
});

test('G6: a value that was overtaken is put back nowhere', async () => {
  const replica = await holder(await put(1));
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  replica.afterRead(() => {
    reached.resolve();
    return gate.promise;
  });
  await replica.items.get(id);
  await reached.promise;
  replica.afterRead(async () => {});
  await put(2);
  gate.resolve();
  await eventually(async () => (await shop.inspector.exists(claim())) === 0, {
    what: 'the refresh has ended',
  });
  expect(await shop.inspector.exists(`shop:item:${id}`)).toBe(0);
  expect(await replica.items.read(id)).toMatchObject({ value: { quantity: 2 }, cache: { fwd: 'miss' } });
});

test('G1: a refresh that L2 accepted, and an invalidation met, does not enter memory', async () => {
  const replica = await holder(await put(1));
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  replica.afterRead(() => {
    reached.resolve();
    return gate.promise;
  });
  await replica.items.get(id);
  await reached.promise;
  replica.afterRead(async () => {});
  await shop.put('item', id, 2);
  // The event reaches this replica, and the DROP is still on its way.
  await shop.relay.append(await shop.relay.pending());
  await shop.relay.protocol.ring();
  await eventually(() => replica.cache.stats()['item']?.l1Entries === 0, { what: 'the event is applied' });
  gate.resolve();
  await eventually(() => replica.cache.stats()['item']?.refreshes === 1, { what: 'L2 accepts the refresh' });
  await eventually(async () => (await shop.inspector.exists(claim())) === 0, {
    what: 'the refresh has ended',
  });
  expect(replica.cache.stats()['item']?.l1Entries).toBe(0);
  await shop.settle();
  expect(await replica.items.get(id)).toMatchObject({ quantity: 2 });
});

test('a refresh that fails is nobody’s error, and is not tried again at once', async () => {
  let loads = 0;
  const replica = await holder(await put(1), {
    item: {
      refreshAhead: 1e12,
      load: async () => {
        loads++;
        throw new Error('the database is gone');
      },
    },
  });
  const startedAt = performance.now();
  for (let turn = 0; turn < 5; turn++) {
    await shop.inspector.ping();
    expect(await replica.items.get(id)).toMatchObject({ quantity: 1 });
  }
  await eventually(() => loads > 0, { what: 'a refresh is tried' });
  await eventually(async () => (await shop.inspector.exists(claim())) === 0, { what: 'it is over' });
  for (let turn = 0; turn < 50; turn++) {
    await shop.inspector.ping();
    expect(await replica.items.get(id)).toMatchObject({ quantity: 1 });
  }
  // Once a second.
  expect(loads).toBeLessThanOrEqual(1 + (performance.now() - startedAt) / 1_000);
});
