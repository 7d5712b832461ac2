import { once } from 'node:events';
import {
  type Cache,
  type CacheAside,
  cacheTable,
  connectRedis,
  createCache,
  installOutbox,
  postgresDomain,
  ttl,
} from '@freshet/cache-core';
import type { Redis } from 'ioredis';
import { Client, Pool } from 'pg';
import type { Ground } from './ground.ts';
import { until } from './until.ts';

const bytes = 300;
export const price = 1_999;

/** What is cached: 300 B as JSON. */
export interface Item {
  id: string;
  name: string;
  description: string;
  priceCents: number;
  available: boolean;
}

/** Enough that 64 reads in flight are of 64 keys, and few enough to stay in every cache. */
export const itemIds: readonly string[] = Array.from({ length: 1_024 }, (_, index) => idOf(index));

/** A domain of its own, with a relay that blesses its Redis: replicas get leases, as in production. */
export async function startItems(
  ground: Ground,
  domain = 'bench',
  relay: Readonly<Record<string, string>> = {},
): Promise<ItemsSource> {
  const databaseUrl = await ground.createDatabase(domain);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const execute = (sql: string) => client.query(sql);
  await installOutbox(execute, { domain });
  await client.query('create table items (id text primary key, body jsonb not null)');
  await cacheTable(execute, { table: 'items', service: domain, entity: 'item', idColumns: ['id'] });
  for (const id of itemIds) {
    await client.query('insert into items (id, body) values ($1, $2)', [id, JSON.stringify(itemOf(id))]);
  }
  await client.end();
  const { url } = await ground.startProgram(
    new URL('../../../../services/invalidation-relay/src/main.ts', import.meta.url),
    `${domain}-relay`,
    {
      REDIS_CACHE_URL: ground.redisCacheUrl,
      REDIS_QUEUE_URL: ground.redisQueueUrl,
      FRESHET_DOMAINS: domain,
      [`${domain.toUpperCase()}_DATABASE_URL`]: databaseUrl,
      ...relay,
    },
  );
  return { domain, databaseUrl, redisUrl: ground.redisCacheUrl, relayUrl: url };
}

export interface ItemsSource {
  readonly domain: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly relayUrl: string;
}

export interface OpenItems {
  readonly cache: Cache;
  readonly items: CacheAside<Item>;
  /** One more connection, equal to the cache's own. */
  readonly connect: () => Promise<Redis>;
  close(): Promise<void>;
}

/** A replica that holds its lease. */
export async function openItems(
  { domain, databaseUrl, redisUrl }: Omit<ItemsSource, 'relayUrl'>,
  l1: { readonly maxEntries: number },
): Promise<OpenItems> {
  const pool = new Pool({ connectionString: databaseUrl, max: 4 });
  const connections: Redis[] = [];
  async function connect(): Promise<Redis> {
    const redis = connectRedis(redisUrl);
    connections.push(redis);
    await once(redis, 'ready');
    return redis;
  }
  const origin = postgresDomain({ name: domain, pool });
  const cache = createCache({ service: domain, redis: await connect(), origin, l1 });
  const items = cache.aside<Item>({
    entity: 'item',
    ttl: ttl.masterData,
    maxStaleness: 2_000,
    async load(id) {
      const { rows } = await pool.query<{ body: Item; version: string }>(
        'select body, version from items where id = $1',
        [id],
      );
      const [row] = rows;
      return row === undefined ? null : { value: row.body, version: row.version };
    },
  });
  await cache.start();
  await until(() => cache.state().mode === 'l1', 'the replica holds its lease');
  return {
    cache,
    items,
    connect,
    async close() {
      await cache.close();
      for (const redis of connections) redis.disconnect();
      await pool.end();
    },
  };
}

/** Reads every item until the layer answers it. What the relay still has to tell empties memory once more. */
export async function warm({ items }: OpenItems, layer: 'l1' | 'l2'): Promise<void> {
  await until(async () => {
    const answers: (string | undefined)[] = [];
    for (const id of itemIds) answers.push((await items.read(id)).cache.hit);
    return answers.every((hit) => hit === layer);
  }, `${layer} answers every item`);
}

function idOf(index: number): string {
  return `item-${String(index).padStart(6, '0')}`;
}

function itemOf(id: string): Item {
  const item = { id, name: `Name of ${id}`, description: '', priceCents: price, available: true };
  item.description = 'x'.repeat(bytes - JSON.stringify(item).length);
  return item;
}
