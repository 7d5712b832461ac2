import { eventually, startFaultProxy } from '@freshet/test-kit';
import { Redis } from 'ioredis';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { leased, Shop } from './shop.ts';

let shop: Shop;
let id: string;
let next = 0;

beforeAll(async () => {
  shop = await Shop.open();
});

beforeEach(() => {
  id = `item-${next++}`;
});

describe('layers', () => {
  test('a miss is stored, another replica finds it in L2, and both then in their memory', async () => {
    const [one, two] = [await shop.replica(), await shop.replica()];
    const version = await shop.put('item', id, 7);
    const miss = await one.items.read(id);
    expect(miss).toMatchObject({ value: { id, quantity: 7 }, version, cache: { fwd: 'miss', stored: true } });
    expect((await two.items.read(id)).cache).toMatchObject({ hit: 'l2', detail: 'l2' });
    expect((await one.items.read(id)).cache).toMatchObject({ hit: 'l1', detail: 'l1' });
    expect((await two.items.read(id)).cache).toMatchObject({ hit: 'l1', detail: 'l1' });
    expect(one.loads() + two.loads()).toBe(1);
  });

  test('G12: every layer hands out the same plain, frozen data', async () => {
    const [one, two] = [await shop.replica(), await shop.replica()];
    await shop.put('item', id, 7);
    const answers = [await one.items.get(id), await one.items.get(id), await two.items.get(id)];
    for (const answer of answers) {
      expect(answer).toEqual({ id, quantity: 7 });
      expect(Object.isFrozen(answer)).toBe(true);
    }
  });

  test('a missing row is cached as such, and gone from the caches once it is inserted', async () => {
    const { items, loads } = await shop.replica();
    expect(await items.read(id)).toMatchObject({ value: null, version: '0', cache: { stored: true } });
    expect(await items.read(id)).toMatchObject({ value: null, cache: { hit: 'l1' } });
    expect(loads()).toBe(1);
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await eventually(async () => (await items.get(id))?.quantity === 1, { what: 'the inserted row is seen' });
  });

  test('an id that was never checked does not meet the entry of a composite one', async () => {
    const { items } = await shop.replica();
    for (const [composite, unchecked] of [
      [['a', 'b'], 'a\u0000b'],
      [
        ['a', 'b', 'c'],
        ['a\u0000b', 'c'],
      ],
    ] as const) {
      await items.read(composite);
      expect((await items.read(composite)).cache).toMatchObject({ hit: 'l1' });
      await expect(items.get(unchecked)).rejects.toMatchObject({ code: 'FRESHET_INVALID_ID' });
      await expect(items.read(unchecked)).rejects.toMatchObject({ code: 'FRESHET_INVALID_ID' });
    }
  });

  test('G10: garbage under a key is a miss that mends it', async () => {
    const { cache } = await shop.replica();
    await shop.put('item', id, 3);
    const redis = new Redis(shop.redis.url);
    for (const garbage of [
      '{"v":"5","b":1,"at":',
      'nonsense',
      '{"v":"99999999999999999999","b":9,"at":1,"ttl":1,"cost":1,"d":1}',
    ]) {
      await redis.set(`shop:item:${id}`, garbage);
      const fresh = await shop.replica();
      expect(await fresh.items.get(id)).toEqual({ id, quantity: 3 });
      expect(JSON.parse((await redis.get(`shop:item:${id}`)) ?? '')).toMatchObject({
        d: { id, quantity: 3 },
      });
    }
    await redis.del(`shop:item:${id}`);
    expect(cache.stats()['item']?.undecodable).toBe(0);
    redis.disconnect();
  });

  test('G10: a value of another Redis type does not leave the key uncached', async () => {
    const { items } = await shop.replica();
    await shop.put('item', id, 3);
    const redis = new Redis(shop.redis.url);
    await redis.hset(`shop:item:${id}`, 'a', 'hash');
    expect(await items.read(id)).toMatchObject({
      value: { quantity: 3 },
      cache: { fwd: 'miss', stored: true },
    });
    expect(JSON.parse((await redis.get(`shop:item:${id}`)) ?? '')).toMatchObject({ d: { id, quantity: 3 } });
    redis.disconnect();
  });

  test('G8: an entry has a TTL of 15 min ± 10 %', async () => {
    const { items } = await shop.replica();
    await shop.put('item', id, 3);
    await items.get(id);
    const redis = new Redis(shop.redis.url);
    const left = await redis.pttl(`shop:item:${id}`);
    redis.disconnect();
    expect(left).toBeGreaterThan(0.89 * 900_000);
    expect(left).toBeLessThanOrEqual(1.1 * 900_000);
  });
});

describe('one load per key', () => {
  test('G7: 1,000 reads of a cold key over two replicas load once', async () => {
    const replicas = [await shop.replica(), await shop.replica()];
    await shop.put('item', id, 7);
    const reads = replicas.flatMap(({ items }) => Array.from({ length: 500 }, () => items.get(id)));
    for (const value of await Promise.all(reads)) expect(value).toEqual({ id, quantity: 7 });
    expect(replicas.reduce((sum, { loads }) => sum + loads(), 0)).toBe(1);
  });

  test('a load that an invalidation overtook is not joined: the reader behind it gets the new value', async () => {
    const replica = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    replica.afterRead(() => {
      reached.resolve();
      return gate.promise;
    });
    const early = replica.items.get(id);
    await reached.promise;
    const version = await shop.put('item', id, 2);
    await replica.items.invalidate(id, version);
    replica.afterRead(async () => {});
    const late = replica.items.get(id);
    gate.resolve();
    expect(await early).toEqual({ id, quantity: 1 });
    expect(await late).toEqual({ id, quantity: 2 });
  });

  test('G7: without a lease at most one load of a key runs and one waits', async () => {
    const replica = await shop.replica({ leased: false, redisUrl: 'redis://127.0.0.1:1' });
    await shop.put('item', id, 1);
    const gate = Promise.withResolvers<void>();
    replica.afterRead(() => gate.promise);
    const reads = Array.from({ length: 100 }, () => replica.items.get(id));
    gate.resolve();
    for (const value of await Promise.all(reads)) expect(value).toEqual({ id, quantity: 1 });
    expect(replica.loads()).toBe(2);
  });

  test('G7: loads are bounded while the cache is cut off', async () => {
    const proxy = await startFaultProxy({ url: shop.redis.url });
    const replica = await shop.replica({ redisUrl: proxy.url, loadConcurrency: 4 });
    proxy.cut();
    await proxy.refuse();
    await eventually(() => replica.cache.state().mode === 'degraded', { what: 'the lease is lost' });
    let running = 0;
    let most = 0;
    replica.afterRead(async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    });
    await Promise.all(Array.from({ length: 100 }, (_, index) => replica.items.get(`${id}-${index}`)));
    expect(replica.loads()).toBe(100);
    expect(most).toBeLessThanOrEqual(4);
  });
});

describe('a slow fill against an invalidation', () => {
  test('G6: leaves the old value neither in memory nor in Redis', async () => {
    const [slow, other] = [await shop.replica(), await shop.replica()];
    await shop.put('item', id, 1);
    await shop.relay.drain();
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    slow.afterRead(() => {
      reached.resolve();
      return gate.promise;
    });
    const early = slow.items.read(id);
    await reached.promise;
    await shop.put('item', id, 2);
    await shop.relay.drain();
    gate.resolve();
    expect(await early).toMatchObject({ value: { quantity: 1 }, cache: { fwd: 'miss' } });
    expect((await early).cache.stored).toBeUndefined();
    const redis = new Redis(shop.redis.url);
    expect(await redis.get(`shop:item:${id}`)).toBeNull();
    redis.disconnect();
    slow.afterRead(async () => {});
    expect(await slow.items.get(id)).toEqual({ id, quantity: 2 });
    expect(await other.items.get(id)).toEqual({ id, quantity: 2 });
  });

  test('G1: a fill that was accepted before the event, and applied after it, does not enter memory', async () => {
    const proxy = await startFaultProxy({ url: shop.redis.url });
    const slow = await shop.replica({ redisUrl: proxy.url });
    await shop.put('item', id, 1);
    await shop.relay.drain();
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    slow.afterRead(() => {
      reached.resolve();
      return gate.promise;
    });
    const early = slow.items.read(id);
    await reached.promise;
    const version = await shop.put('item', id, 2);
    // The event reaches this replica, and the DROP is still on its way: FILL will be accepted.
    await shop.relay.append(await shop.relay.pending());
    await shop.relay.protocol.ring();
    await eventually(() => slow.cache.state().lease.held, { what: 'the lease is held' });
    const applied = (): number => slow.cache.stats()['item']?.l1Entries ?? 0;
    await eventually(
      async () => (await shop.relay.protocol.replicas()).every(({ live, lag }) => !live || lag === 0),
      { what: 'every replica has applied the event' },
    );
    gate.resolve();
    expect((await early).cache).toMatchObject({ fwd: 'miss', stored: true });
    expect(applied()).toBe(0);
    slow.afterRead(async () => {});
    await shop.relay.drain();
    expect(await slow.items.read(id)).toMatchObject({ value: { quantity: 2 }, version });
  });
});

describe('invalidation', () => {
  test('G1, G5: an update in plain SQL is taken out of both replicas', async () => {
    const replicas = [await shop.replica(), await shop.replica()];
    await shop.put('item', id, 1);
    await shop.relay.drain();
    for (const { items } of replicas) expect((await items.get(id))?.quantity).toBe(1);
    await shop.pool.query('update item set quantity = 2 where id = $1', [id]);
    await shop.relay.drain();
    for (const { items } of replicas) {
      await eventually(async () => (await items.get(id))?.quantity === 2, { what: 'the update is seen' });
    }
  });

  test('G1, G5: a delete and a re-insert are seen too', async () => {
    const { items } = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await items.get(id);
    await shop.pool.query('delete from item where id = $1', [id]);
    await shop.relay.drain();
    await eventually(async () => (await items.get(id)) === null, { what: 'the delete is seen' });
    await shop.put('item', id, 5);
    await shop.relay.drain();
    await eventually(async () => (await items.get(id))?.quantity === 5, { what: 'the re-insert is seen' });
  });

  test('G1: a lost doorbell is made up for by the next renewal', async () => {
    const { items } = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await items.get(id);
    await shop.put('item', id, 2);
    await shop.relay.drain({ ring: false });
    await eventually(async () => (await items.get(id))?.quantity === 2, {
      what: 'the renewal finds the change',
    });
    expect((await items.read(id)).cache.hit).toBe('l1');
  });

  test('G1: a killed subscriber connection loses nothing, and is replaced', async () => {
    const { items } = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await items.get(id);
    const redis = new Redis(shop.redis.url);
    expect(Number(await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'))).toBeGreaterThan(0);
    await shop.put('item', id, 2);
    await shop.relay.drain();
    await eventually(async () => (await items.get(id))?.quantity === 2, { what: 'the change is seen' });
    await eventually(async () => Number((await redis.pubsub('NUMSUB', 'cache:invalidate:shop'))[1]) > 0, {
      what: 'somebody listens again',
    });
    redis.disconnect();
  });

  test('G1: whoever missed part of the log forgets everything', async () => {
    const { items, cache } = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await items.get(id);
    const redis = new Redis(shop.redis.url);
    await shop.put('item', id, 2);
    // The entry that names the change is trimmed before anybody has read it.
    const pending = await shop.relay.pending();
    await shop.relay.drop(pending);
    await shop.relay.append(pending);
    await redis.del('{coherence:shop}:log');
    await shop.relay.protocol.ring();
    redis.disconnect();
    await eventually(async () => (await items.get(id))?.quantity === 2, { what: 'the change is seen' });
    // Not only while the lease was lost: memory was emptied.
    await leased(cache);
    expect(await items.get(id)).toEqual({ id, quantity: 2 });
  });

  test('a whole entity is invalidated at once', async () => {
    const { items } = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await items.get(id);
    await shop.relay.protocol.append((await shop.relay.protocol.status()).blessing, [
      { kind: 'entity', key: 'shop:item', version: '9223372036854775807' },
    ]);
    await shop.relay.protocol.ring();
    await eventually(async () => (await items.read(id)).cache.hit === 'l2', { what: 'memory was emptied' });
  });

  test('G2: an entry of an older blessing is void', async () => {
    const one = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await one.items.get(id);
    const blessing = await shop.relay.bless();
    await eventually(() => one.cache.state().blessing === blessing && one.cache.state().mode === 'l1', {
      what: 'the replica reads under the new blessing',
    });
    expect((await one.items.read(id)).cache).toMatchObject({ fwd: 'miss', stored: true });
  });
});

describe('a minimum version', () => {
  test('G3: passes older cached answers by, and puts the newer one into the caches', async () => {
    const { items } = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await items.get(id);
    const version = await shop.put('item', id, 2);
    // The relay has not come to it yet: the caches hold the old value.
    expect((await items.get(id))?.quantity).toBe(1);
    const answer = await items.read(id, { minVersion: version });
    expect(answer).toMatchObject({
      value: { quantity: 2 },
      version,
      cache: { fwd: 'request', stored: true },
    });
    expect(await items.read(id, { minVersion: version })).toMatchObject({ version, cache: { hit: 'l1' } });
  });

  test('G3: passes a cached "not found" by', async () => {
    const { items } = await shop.replica();
    await items.get(id);
    const version = await shop.put('item', id, 1);
    expect(await items.read(id, { minVersion: version })).toMatchObject({ value: { quantity: 1 }, version });
  });

  test('that no row has empties no cache', async () => {
    const { items } = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await items.get(id);
    expect(await items.read(id, { minVersion: '9000000000000000000' })).toMatchObject({
      value: { quantity: 1 },
    });
    expect((await items.read(id)).cache.hit).toBe('l1');
  });

  test('that is malformed is refused', async () => {
    const { items } = await shop.replica();
    await expect(items.read(id, { minVersion: '-1' })).rejects.toMatchObject({
      code: 'FRESHET_INVALID_VERSION',
    });
  });
});

describe('when parts fail', () => {
  test('G1, G2: without a relay, memory turns itself off, and on again with it', async () => {
    const { items, cache } = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await items.get(id);
    shop.relay.stopTicking();
    await eventually(async () => (await items.read(id)).cache.detail === 'lease-expired', {
      what: 'memory is not believed any more',
    });
    await shop.put('item', id, 2);
    expect((await items.get(id))?.quantity).toBe(2);
    shop.relay.keepTicking();
    await shop.relay.drain();
    await leased(cache);
    await items.get(id);
    expect((await items.read(id)).cache.hit).toBe('l1');
  });

  test('G9: with Redis gone the origin answers; nothing hangs', async () => {
    const proxy = await startFaultProxy({ url: shop.redis.url });
    const { items, cache } = await shop.replica({ redisUrl: proxy.url });
    await shop.put('item', id, 1);
    await items.get(id);
    proxy.cut();
    await proxy.refuse();
    await eventually(() => cache.state().lease.reason === 'connection-lost', { what: 'the loss is noticed' });
    expect(await items.read(id)).toMatchObject({
      value: { quantity: 1 },
      cache: { fwd: 'bypass', detail: 'lease-expired' },
    });
    await proxy.accept();
    await leased(cache);
  });

  test('G1: a connection that is lost takes the lease with it at once', async () => {
    const proxy = await startFaultProxy({ url: shop.redis.url });
    const { items, cache } = await shop.replica({ redisUrl: proxy.url });
    await shop.put('item', id, 1);
    await items.get(id);
    await items.get(id);
    await proxy.refuse();
    proxy.cut();
    await eventually(() => cache.state().lease.reason === 'connection-lost', { what: 'the loss is noticed' });
    expect((await items.read(id)).cache.hit).toBeUndefined();
    expect(proxy.stats().cut).toBeGreaterThan(0);
  });

  test('G2, G4: an answer of L2 that comes after the lease has run out is not believed', async () => {
    const proxy = await startFaultProxy({ url: shop.redis.url });
    const timings = { leaseMs: 600, renewEveryMs: 200 };
    const { items, cache } = await shop.replica({ redisUrl: proxy.url, commandTimeoutMs: 10_000, timings });
    const other = await shop.replica();
    await shop.put('item', id, 1);
    expect((await other.items.read(id)).cache.stored).toBe(true);
    proxy.pause('toClient');
    const reading = items.read(id);
    await eventually(() => cache.state().mode !== 'l1', { what: 'the lease has run out' });
    proxy.resume();
    expect((await reading).cache).toMatchObject({ fwd: 'bypass', detail: 'lease-expired' });
  });

  test('G9: an L2 that answers nothing is passed by within the deadline', async () => {
    const proxy = await startFaultProxy({ url: shop.redis.url });
    const { items } = await shop.replica({ redisUrl: proxy.url, item: { whenUnproven: 'serve' } });
    await shop.put('item', id, 1);
    proxy.pause();
    expect(await items.read(id)).toMatchObject({
      value: { quantity: 1 },
      cache: { fwd: 'bypass', detail: 'l2-unavailable' },
    });
    expect(proxy.stats().heldBytes).toBeGreaterThan(0);
    proxy.resume();
  });

  test('G9: with the database gone, fresh values are served from memory and the rest fails', async () => {
    const { items, cache } = await shop.replica({
      item: {
        load: async () => {
          throw new Error('the database is gone');
        },
      },
    });
    const filler = await shop.replica();
    await shop.put('item', id, 1);
    await shop.relay.drain();
    await filler.items.get(id);
    expect(await items.get(id)).toEqual({ id, quantity: 1 });
    await expect(items.get(`${id}-cold`)).rejects.toThrow('the database is gone');
    expect(cache.stats()['item']).toMatchObject({ l2Hits: 1, originLoads: 1 });
  });

  test('G1, G2: a Redis that comes back empty is not believed until it is blessed', async () => {
    const own = await Shop.open();
    const { items, cache } = await own.replica();
    await own.put('item', id, 1);
    await own.relay.drain();
    await items.get(id);
    await own.redis.restart();
    await eventually(() => cache.state().lease.reason === 'unblessed', {
      what: 'the replica finds it unblessed',
    });
    await own.put('item', id, 2);
    expect(await items.read(id)).toMatchObject({
      value: { quantity: 2 },
      cache: { detail: 'lease-expired' },
    });
    await eventually(() => own.relay.bless(), { what: 'the new server is blessed' });
    await leased(cache);
    expect(await items.read(id)).toMatchObject({ value: { quantity: 2 } });
  });

  test('G1, G2: a Redis that comes back from an old snapshot is not believed either', async () => {
    const own = await Shop.open();
    const { items, cache } = await own.replica();
    await own.put('item', id, 1);
    await own.relay.drain();
    await items.get(id);
    const redis = new Redis(own.redis.url);
    await redis.save();
    redis.disconnect();
    await own.put('item', id, 2);
    await own.relay.drain();
    await own.redis.restart({ keepData: true });
    // Its head and its log are there, as they were when the old value was right.
    await eventually(() => cache.state().lease.reason === 'unblessed', {
      what: 'the replica finds it unblessed',
    });
    expect(await items.read(id)).toMatchObject({
      value: { quantity: 2 },
      cache: { detail: 'lease-expired' },
    });
    await own.relay.bless();
    await leased(cache);
    expect(await items.read(id)).toMatchObject({ value: { quantity: 2 }, cache: { fwd: 'miss' } });
  });
});
