import {
  type Cache,
  type CacheAside,
  type CacheId,
  type CacheOptions,
  cacheTable,
  connectRedis,
  createCache,
  installOutbox,
  type LoadContext,
  type PolicyOptions,
  postgresDomain,
  ttl,
  type WriteThrough,
} from '@freshet/cache-core';
import { encodeEntry } from '@freshet/cache-core/protocol';
import { createDatabase, disposeAtEnd, eventually, startRedis, type TestRedis } from '@freshet/test-kit';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { HandRelay } from './hand-relay.ts';

export interface Item {
  id: string;
  quantity: number;
}

export interface Replica {
  cache: Cache;
  items: CacheAside<Item>;
  stock: WriteThrough<Item>;
  /** Loads of `items` that began. */
  loads: () => number;
  /** Runs inside each load of `items`, after the row was read. */
  afterRead: (hook: (id: string) => Promise<void>) => void;
}

export interface ReplicaOptions {
  redisUrl?: string;
  commandTimeoutMs?: number;
  databaseUrl?: string;
  schemaVersion?: number;
  timings?: CacheOptions['timings'];
  item?: Partial<PolicyOptions<Item>>;
  stock?: Partial<PolicyOptions<Item>>;
  loadConcurrency?: number;
  /** Waits for the first lease; default true. */
  leased?: boolean;
}

/** One domain with two tables, `item` (cache-aside) and `stock` (write-through), for this test file. */
export class Shop {
  readonly redis: TestRedis;
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly relay: HandRelay;
  /** For looking at what is in Redis, and for putting things there. */
  readonly inspector: Redis;

  private constructor(redis: TestRedis, databaseUrl: string, pool: Pool, relay: HandRelay) {
    this.redis = redis;
    this.databaseUrl = databaseUrl;
    this.pool = pool;
    this.relay = relay;
    this.inspector = new Redis(redis.url);
    // The server may be down on purpose.
    this.inspector.on('error', () => {});
    disposeAtEnd("The shop's inspector", async () => this.inspector.disconnect());
  }

  /** Blessed, with a watermark that ticks. */
  static async open(): Promise<Shop> {
    const [redis, database] = await Promise.all([startRedis(), createDatabase()]);
    const pool = openPool(database.url);
    const execute = (sql: string): Promise<unknown> => pool.query(sql);
    await installOutbox(execute, { domain: 'shop' });
    for (const table of ['item', 'stock']) {
      await execute(
        `create table ${table} (id text primary key, quantity int not null check (quantity >= 0))`,
      );
      await cacheTable(execute, { table, service: 'shop', entity: table, idColumns: ['id'] });
    }
    const relay = await HandRelay.start(redis.url, pool, 'shop');
    await relay.bless();
    relay.keepTicking();
    return new Shop(redis, database.url, pool, relay);
  }

  async replica(options: ReplicaOptions = {}): Promise<Replica> {
    const redis = connectRedis(options.redisUrl ?? this.redis.url, {
      commandTimeoutMs: options.commandTimeoutMs ?? 1_000,
    });
    const pool =
      options.databaseUrl === undefined ? openPool(this.databaseUrl) : openPool(options.databaseUrl);
    const cache = createCache({
      service: 'shop',
      redis,
      origin: postgresDomain({ name: 'shop', pool }),
      ...(options.loadConcurrency === undefined ? {} : { loadConcurrency: options.loadConcurrency }),
      ...(options.timings === undefined ? {} : { timings: options.timings }),
    });
    let loads = 0;
    let hook: (id: string) => Promise<void> = async () => {};
    const load = (table: string) => async (id: CacheId, context: LoadContext) => {
      if (table === 'item') loads++;
      const client = context.client ?? pool;
      const { rows } = await client.query<Item & { version: string }>(
        `select id, quantity, version from ${table} where id = $1`,
        [id],
      );
      if (context.client === undefined && table === 'item') await hook(String(id));
      const [row] = rows;
      return row === undefined
        ? null
        : { value: { id: row.id, quantity: row.quantity }, version: row.version };
    };
    const versioned = options.schemaVersion === undefined ? {} : { schemaVersion: options.schemaVersion };
    const items = cache.aside<Item>({
      entity: 'item',
      ttl: ttl.profile,
      maxStaleness: 2_000,
      load: load('item'),
      ...versioned,
      ...options.item,
    });
    const stock = cache.writeThrough<Item>({
      entity: 'stock',
      ttl: ttl.stock,
      maxStaleness: 2_000,
      load: load('stock'),
      ...versioned,
      ...options.stock,
    });
    await cache.start();
    disposeAtEnd('A replica', async () => {
      await cache.close();
      redis.disconnect();
    });
    if (options.leased ?? true) await leased(cache);
    return {
      cache,
      items,
      stock,
      loads: () => loads,
      afterRead(next) {
        hook = next;
      },
    };
  }

  /**
   * Runs `act`, and waits until Redis has answered a command with all of these arguments. Redis's own slow log tells:
   * a client in MONITOR mode may be sent its first command before it knows that it is in that mode.
   */
  async untilSent(args: readonly string[], act: () => unknown): Promise<void> {
    await this.inspector.config('SET', 'slowlog-log-slower-than', '0');
    await this.inspector.slowlog('RESET');
    try {
      act();
      await eventually(
        async () => {
          const commands = (await this.inspector.slowlog('GET', 128)) as [number, number, number, string[]][];
          return commands.some(([, , , command]) => args.every((argument) => command.includes(argument)));
        },
        { what: `Redis is sent ${args.join(' ')}` },
      );
    } finally {
      await this.inspector.config('SET', 'slowlog-log-slower-than', '10000');
    }
  }

  /** What L2 holds of an item, by hand: expired, old, or of whatever version. `keepMs` is its PX. */
  async setInL2(
    item: Item,
    entry: { version: string; blessing: number; ageMs: number; ttlMs: number; keepMs: number },
  ): Promise<void> {
    const text = encodeEntry({
      version: entry.version,
      blessing: entry.blessing,
      at: Date.now() - entry.ageMs,
      ttl: entry.ttlMs,
      cost: 5,
      payload: item,
    });
    await this.inspector.set(`shop:item:${item.id}`, text, 'PX', entry.keepMs);
  }

  /** Fans out what is pending, and waits until every replica has applied it. */
  async settle(): Promise<void> {
    await this.relay.drain();
    await eventually(
      async () => (await this.relay.protocol.replicas()).every(({ live, lag }) => !live || lag === 0),
      { what: 'every replica has applied the log' },
    );
  }

  async put(table: 'item' | 'stock', id: string, quantity: number): Promise<string> {
    const { rows } = await this.pool.query<{ version: string }>(
      `insert into ${table} (id, quantity) values ($1, $2)
       on conflict (id) do update set quantity = excluded.quantity returning version`,
      [id, quantity],
    );
    return rows[0]?.version ?? '';
  }
}

export async function leased(cache: Cache): Promise<void> {
  await eventually(() => cache.state().mode === 'l1', { what: 'the replica holds a freshness lease' });
}

export function openPool(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000 });
  // A connection that breaks while idle, or inside a transaction, must not end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  disposeAtEnd('A pool', () => pool.end());
  return pool;
}
