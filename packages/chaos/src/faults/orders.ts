import { Redis } from 'ioredis';
import pg from 'pg';

const ANSWER_WITHIN_MS = 5_000;

/** Gives orders to a Redis on a connection of its own, which no fault lies on. */
export async function withRedis<R>(url: string, work: (redis: Redis) => Promise<R>): Promise<R> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectionName: 'chaos',
    commandTimeout: ANSWER_WITHIN_MS,
    connectTimeout: ANSWER_WITHIN_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    disconnectTimeout: 100,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** One field of INFO, such as `evicted_keys`; 0 when it is not there. */
export async function infoNumber(redis: Redis, section: string, field: string): Promise<number> {
  const text = await redis.info(section);
  return Number(new RegExp(`^${field}:(?:count=)?(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/** The value of one directive. */
export async function directive(redis: Redis, name: string): Promise<string> {
  const answer = await redis.config('GET', name);
  return Array.isArray(answer) ? String(answer[1]) : '';
}

/** Gives orders to Postgres as a superuser, past all proxies. */
export async function withPostgres<R>(url: string, work: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = await connectPostgres(url);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

export async function connectPostgres(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    application_name: 'chaos',
  });
  // Who breaks connections may break this one.
  client.on('error', () => {});
  await client.connect();
  return client;
}
