import { setTimeout as delay } from 'node:timers/promises';
import { eventually, startFaultProxy } from '@freshet/test-kit';
import { Redis } from 'ioredis';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { leased, type Replica, Shop } from './shop.ts';

let shop: Shop;
let id: string;
let next = 0;

beforeAll(async () => {
  shop = await Shop.open();
});

beforeEach(() => {
  id = `stock-${next++}`;
});

function set(replica: Replica, quantity: number, key = id) {
  return replica.stock.write(key, (client) =>
    client.query(
      'insert into stock (id, quantity) values ($1, $2) on conflict (id) do update set quantity = excluded.quantity',
      [key, quantity],
    ),
  );
}

async function inRedis<R>(question: (redis: Redis) => Promise<R>, url = shop.redis.url): Promise<R> {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

function stored(): Promise<string | null> {
  return inRedis((redis) => redis.get(`shop:stock:${id}`));
}

describe('a strong write', () => {
  test('G4: is seen by the next read of every replica, from a cache', async () => {
    const [one, two] = [await shop.replica(), await shop.replica()];
    for (let quantity = 1; quantity <= 20; quantity++) {
      const written = await set(quantity % 2 === 0 ? one : two, quantity);
      expect(written).toMatchObject({ value: { id, quantity } });
      for (const { stock } of [one, two]) {
        expect(await stock.read(id)).toMatchObject({ value: { quantity }, version: written.version });
        expect((await stock.read(id)).cache.hit).toBe('l1');
      }
    }
    expect(one.cache.stats()['stock']?.originLoads).toBe(0);
  });

  test('gives back what its work returned, and stores the row with its version', async () => {
    const replica = await shop.replica();
    const { version } = await set(replica, 4);
    const { rows } = await shop.pool.query('select version from stock where id = $1', [id]);
    expect(rows).toEqual([{ version }]);
    expect(JSON.parse((await stored()) ?? '')).toMatchObject({ v: version, d: { id, quantity: 4 } });
    const { result } = await replica.stock.write(id, async () => 'done');
    expect(result).toBe('done');
  });

  test('that deletes leaves nothing in any cache, and says a version that is newer', async () => {
    const [one, two] = [await shop.replica(), await shop.replica()];
    const before = await set(one, 4);
    await two.stock.get(id);
    const written = await one.stock.write(id, (client) =>
      client.query('delete from stock where id = $1', [id]),
    );
    expect(written.value).toBeNull();
    expect(BigInt(written.version)).toBeGreaterThan(BigInt(before.version));
    expect(await two.stock.get(id)).toBeNull();
  });

  test('whose work fails changes nothing and lifts its fence', async () => {
    const [one, two] = [await shop.replica(), await shop.replica()];
    await set(one, 4);
    const failing = one.stock.write(id, async (client) => {
      await client.query('update stock set quantity = 9 where id = $1', [id]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await stored()).toBeNull();
    expect(await two.stock.read(id)).toMatchObject({
      value: { quantity: 4 },
      cache: { fwd: 'miss', stored: true },
    });
  });

  test('whose database error was hidden by its work is not reported as done', async () => {
    const replica = await shop.replica();
    await set(replica, 4);
    const hiding = replica.stock.write(id, async (client) => {
      await client.query('update stock set quantity = -1 where id = $1', [id]).catch(() => {});
      return 'done';
    });
    await expect(hiding).rejects.toThrow(/current transaction is aborted/);
    expect(await replica.stock.get(id)).toMatchObject({ quantity: 4 });
  });

  test('that is refused by a deferred constraint changes nothing and lifts its fence', async () => {
    await shop.pool.query(
      `create table if not exists note (stock_id text references stock (id) deferrable initially deferred)`,
    );
    const replica = await shop.replica();
    await set(replica, 4);
    const refused = replica.stock.write(id, (client) => client.query("insert into note values ('nowhere')"));
    await expect(refused).rejects.toMatchObject({ code: '23503' });
    expect(await replica.stock.read(id)).toMatchObject({ value: { quantity: 4 }, cache: { stored: true } });
  });
});

describe('what is published', () => {
  test('is the row as deferred triggers left it', async () => {
    const own = await Shop.open();
    await own.pool.query(`
      create function round_up() returns trigger language plpgsql as $$
        begin update stock set quantity = 10 where id = new.id and quantity < 10; return null; end $$;
      create constraint trigger round_up after insert or update on stock deferrable initially deferred
        for each row execute function round_up()`);
    const replica = await own.replica();
    expect(await set(replica, 3)).toMatchObject({ value: { quantity: 10 } });
    expect(await replica.stock.read(id)).toMatchObject({ value: { quantity: 10 }, cache: { hit: 'l2' } });
  });
});

describe('many writers', () => {
  test('200 reservations over two replicas on a stock of 100 take exactly 100', async () => {
    const replicas = [await shop.replica(), await shop.replica()];
    await set(replicas[0] as Replica, 100);
    const reserve = async (replica: Replica): Promise<boolean> => {
      const { result } = await replica.stock.write(id, (client) =>
        client.query('update stock set quantity = quantity - 1 where id = $1 and quantity >= 1', [id]),
      );
      return result.rowCount === 1;
    };
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => reserve(replicas[index % 2] as Replica)),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(100);
    for (const { stock } of replicas) expect(await stock.get(id)).toMatchObject({ quantity: 0 });
  });

  test('G4: and readers agree on one order: no read is older than a write that had ended', async () => {
    const replicas = [await shop.replica(), await shop.replica(), await shop.replica()];
    await set(replicas[0] as Replica, 0);
    let newestDone = 0n;
    const writes = { running: true };
    let hits = 0;
    const read = async ({ stock }: Replica): Promise<void> => {
      while (writes.running) {
        const atLeast = newestDone;
        const { version, cache } = await stock.read(id);
        if (cache.hit !== undefined) hits++;
        expect(BigInt(version)).toBeGreaterThanOrEqual(atLeast);
        await new Promise(setImmediate);
      }
    };
    const readers = replicas.map(read);
    const write = async (replica: Replica): Promise<void> => {
      for (let count = 0; count < 40; count++) {
        const { version } = await set(replica, count);
        if (BigInt(version) > newestDone) newestDone = BigInt(version);
      }
    };
    await Promise.all([write(replicas[0] as Replica), write(replicas[1] as Replica)]);
    writes.running = false;
    await Promise.all(readers);
    expect(hits).toBeGreaterThan(0);
  });
});

describe('the barrier', () => {
  test('G4: waits for a replica that is cut off until its lease has run out, and for no longer', async () => {
    const proxy = await startFaultProxy({ url: shop.redis.url });
    const writer = await shop.replica();
    const cutOff = await shop.replica({ redisUrl: proxy.url, commandTimeoutMs: 100 });
    await set(writer, 1);
    await cutOff.stock.get(id);
    await cutOff.stock.get(id);
    // It hears nothing more, its connection looks alive, and its renewals go on arriving.
    proxy.pause('toClient');
    const write = { done: false };
    const writing = set(writer, 2).finally(() => {
      write.done = true;
    });
    const reads: { quantity: number | undefined; fromMemory: boolean; begunAfterTheWrite: boolean }[] = [];
    const read = async (): Promise<void> => {
      const begunAfterTheWrite = write.done;
      const { value, cache } = await cutOff.stock.read(id);
      reads.push({ quantity: value?.quantity, fromMemory: cache.hit === 'l1', begunAfterTheWrite });
    };
    while (!write.done) {
      await read();
      await delay(5);
    }
    await writing;
    for (let count = 0; count < 5; count++) await read();
    expect(reads.some(({ fromMemory }) => fromMemory)).toBe(true);
    const after = reads.filter(({ begunAfterTheWrite }) => begunAfterTheWrite);
    expect(after.map(({ quantity }) => quantity)).toEqual([2, 2, 2, 2, 2]);
    expect(proxy.stats().heldBytes).toBeGreaterThan(0);
    proxy.resume();
  });

  test('does not wait for a replica that gave its lease back', async () => {
    const [writer, leaving] = [await shop.replica(), await shop.replica()];
    await set(writer, 1);
    await leaving.stock.get(id);
    await leaving.cache.close();
    const laggards = await shop.relay.protocol.replicas();
    expect(laggards.some(({ replicaId }) => replicaId === leaving.cache.state().replicaId)).toBe(false);
    await set(writer, 2);
  });
});

describe('a queue of writes of one key', () => {
  test('does not run a write whose caller has given up', async () => {
    const replica = await shop.replica({ timings: { strongWriteMs: 300 } });
    await set(replica, 1);
    const first = replica.stock.write(id, (client) => client.query('select pg_sleep(0.4)'));
    const late = set(replica, 2);
    await expect(late).rejects.toMatchObject({ code: 'FRESHET_STRONG_WRITE_TIMEOUT', retryable: true });
    await first;
    expect(await replica.stock.get(id)).toMatchObject({ quantity: 1 });
  });
});

describe('when parts fail', () => {
  test('a fence is lifted when another answer of Redis was an error', async () => {
    const own = await Shop.open();
    const replica = await own.replica();
    await inRedis((redis) => redis.set('{coherence:shop}:head', 'no hash'), own.redis.url);
    await expect(set(replica, 2)).rejects.toMatchObject({ code: 'FRESHET_UNAVAILABLE' });
    expect(await inRedis((redis) => redis.get(`shop:stock:${id}`), own.redis.url)).toBeNull();
  });

  test('G4: a COMMIT that is answered after its fence has ended empties every memory once more', async () => {
    const proxy = await startFaultProxy({ url: shop.databaseUrl });
    const timings = { strongTransactionMs: 600, lockTimeoutMs: 300, fenceMs: 2_200 };
    const writer = await shop.replica({ databaseUrl: proxy.url, timings });
    const reader = await shop.replica();
    const events = async (): Promise<number> => {
      const entries = await inRedis((redis) => redis.xrange('{coherence:shop}:log', '-', '+'));
      const event = `"kind":"fence","key":"shop:stock:${id}"`;
      return entries.filter(([, fields]) => fields.some((field) => field.includes(event))).length;
    };
    const stopWatching = proxy.watch((chunk) => {
      if (!chunk.includes('commit\0')) return;
      stopWatching();
      proxy.pause('toClient');
    });
    const writing = set(writer, 1);
    await eventually(async () => (await reader.stock.read(id)).cache.detail === 'fence', {
      what: 'it is fenced',
    });
    expect(await events()).toBe(1);
    await eventually(async () => (await reader.stock.read(id)).cache.hit !== undefined, {
      what: 'its fence has ended',
    });
    proxy.resume();
    await writing;
    expect(await events()).toBe(2);
  });

  test('G11: with Redis gone a strong write is refused, retryably, and nothing is changed', async () => {
    const proxy = await startFaultProxy({ url: shop.redis.url });
    const replica = await shop.replica({ redisUrl: proxy.url });
    await set(replica, 1);
    await proxy.refuse();
    proxy.cut();
    await eventually(() => replica.cache.state().mode === 'degraded', { what: 'the loss is noticed' });
    await expect(set(replica, 2)).rejects.toMatchObject({ code: 'FRESHET_UNAVAILABLE', retryable: true });
    expect(await replica.stock.get(id)).toMatchObject({ quantity: 1 });
  });

  test('an unblessed Redis is waited for, up to a limit', async () => {
    const own = await Shop.open();
    const replica = await own.replica({ timings: { strongWriteMs: 400 } });
    const patient = await own.replica();
    await own.redis.restart();
    await eventually(() => replica.cache.state().lease.reason === 'unblessed', {
      what: 'it is found unblessed',
    });
    await expect(set(replica, 2)).rejects.toMatchObject({
      code: 'FRESHET_STRONG_WRITE_TIMEOUT',
      retryable: true,
    });
    await eventually(() => patient.cache.state().lease.reason === 'unblessed', {
      what: 'it is found unblessed',
    });
    const waiting = set(patient, 3);
    await own.relay.bless();
    expect(await waiting).toMatchObject({ value: { quantity: 3 } });
  });

  test('G4: a blessing that was recorded meanwhile makes the write begin again, under the new one', async () => {
    const own = await Shop.open();
    const replica = await own.replica({ timings: { strongWriteMs: 400 } });
    await own.relay.recordBlessing();
    // The old server goes on as before; only Postgres knows that it is not the newest.
    await expect(set(replica, 2)).rejects.toMatchObject({ code: 'FRESHET_STRONG_WRITE_TIMEOUT' });
    expect(await replica.stock.get(id)).toBeNull();
    await own.relay.bless();
    await leased(replica.cache);
    expect(await set(replica, 3)).toMatchObject({ value: { quantity: 3 } });
  });

  test('G4, G11: a lost answer to COMMIT is reported as unknown, and no cache keeps the old value', async () => {
    const proxy = await startFaultProxy({ url: shop.databaseUrl });
    const [writer, reader] = [await shop.replica({ databaseUrl: proxy.url }), await shop.replica()];
    await set(reader, 1);
    await reader.stock.get(id);
    const stopWatching = proxy.watch((chunk) => {
      if (!chunk.includes('commit\0')) return;
      stopWatching();
      proxy.drop('toClient');
      setImmediate(() => void cutWhenCommitted());
    });
    const cutWhenCommitted = async (): Promise<void> => {
      await eventually(
        async () =>
          (await shop.pool.query('select from stock where id = $1 and quantity = 2', [id])).rowCount === 1,
        { what: 'the change is committed' },
      );
      proxy.cut();
    };
    await expect(set(writer, 2)).rejects.toMatchObject({ code: 'FRESHET_COMMIT_UNKNOWN' });
    expect(await reader.stock.read(id)).toMatchObject({ value: { quantity: 2 }, cache: { detail: 'fence' } });
    proxy.resume();
  });

  test('G4: a transaction that takes too long is ended by the server before its fence falls', async () => {
    const [writer, reader] = [await shop.replica(), await shop.replica()];
    await set(writer, 1);
    const slow = writer.stock.write(id, async (client) => {
      await client.query('update stock set quantity = 2 where id = $1', [id]);
      await client.query('select pg_sleep(10)');
    });
    await expect(slow).rejects.toMatchObject({ code: '25P04' });
    expect(await reader.stock.get(id)).toMatchObject({ quantity: 1 });
  });

  test("a dead writer's fence is passed once its deadline has come", async () => {
    const reader = await shop.replica();
    await set(reader, 1);
    await shop.relay.protocol.fence(`shop:stock:${id}`, 'dead', 300);
    await shop.relay.protocol.append((await shop.relay.protocol.status()).blessing, [
      { kind: 'fence', key: `shop:stock:${id}`, version: '0' },
    ]);
    await shop.relay.protocol.ring();
    await eventually(async () => (await reader.stock.read(id)).cache.detail === 'fence', {
      what: 'the fence is met',
    });
    await eventually(async () => (await reader.stock.read(id)).cache.hit !== undefined, {
      what: 'it is cached again',
    });
  });
});

describe('a rolling deploy', () => {
  test('G13: a strong write reaches the entries of every schema version in use', async () => {
    const [old, young] = [await shop.replica({ schemaVersion: 1 }), await shop.replica({ schemaVersion: 2 })];
    await set(old, 1);
    expect(await young.stock.get(id)).toMatchObject({ quantity: 1 });
    await set(old, 2);
    expect(await young.stock.get(id)).toMatchObject({ quantity: 2 });
    await set(young, 3);
    expect(await old.stock.get(id)).toMatchObject({ quantity: 3 });
  });

  test('G13: a schema version that is not registered yet stores nothing: other writers do not fence it', async () => {
    const others = await shop.pool.connect();
    await others.query(
      "begin; select pg_advisory_xact_lock_shared(hashtextextended('freshet.schema_version', 0))",
    );
    const young = await shop.replica({
      schemaVersion: 8,
      databaseUrl: `${shop.databaseUrl}?options=${encodeURIComponent('-c lock_timeout=100')}`,
    });
    const key = `shop:v8:stock:${id}`;
    expect(await set(young, 1)).toMatchObject({ value: { quantity: 1 } });
    expect(await inRedis((redis) => redis.get(key))).toBeNull();
    await others.query('commit');
    others.release();
    await eventually(
      async () =>
        (await shop.pool.query("select from freshet.schema_version where entity = 'stock' and number = 8"))
          .rowCount === 1,
      { what: 'it is registered' },
    );
    const { version } = await set(young, 2);
    expect(await inRedis((redis) => redis.get(key))).toContain(`"v":"${version}"`);
  });

  test('G13: a schema version that comes up during a write waits until the write has ended', async () => {
    const writer = await shop.replica();
    await set(writer, 1);
    const { promise, resolve } = Promise.withResolvers<Replica>();
    await writer.stock.write(id, async (client) => {
      await client.query('update stock set quantity = quantity + 1 where id = $1', [id]);
      // It must not fill before this transaction has ended: no fence stands under its schema version.
      resolve(shop.replica({ schemaVersion: 7, leased: false }));
      await eventually(
        async () =>
          (await shop.pool.query("select from pg_locks where locktype = 'advisory' and not granted"))
            .rowCount === 1,
        { what: 'its registration waits', deadlineMs: 1_500 },
      );
    });
    const replica = await promise;
    await leased(replica.cache);
    expect(await replica.stock.get(id)).toMatchObject({ quantity: 2 });
    await set(writer, 5);
    expect(await replica.stock.get(id)).toMatchObject({ quantity: 5 });
  });
});
