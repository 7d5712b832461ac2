import { createDatabase, type TestDatabase } from '../database.ts';
import { disposeAtEnd } from '../disposal.ts';
import { startFaultProxy } from '../fault-proxy.ts';
import type { FaultProxy } from '../network/index.ts';
import { startRedis, type TestRedis } from '../redis.ts';
import { type Answer, type RequestOptions, send } from './request.ts';

export interface LoneReplica {
  readonly redis: TestRedis;
  readonly database: TestDatabase;
  /** Between the service and its database. */
  readonly databaseProxy: FaultProxy;
  send(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

type Environment = Readonly<Record<string, string>>;
/** `(environment) => startService(userService, environment)` */
type Start = (environment: Environment) => Promise<{ readonly url: string; stop(): Promise<unknown> }>;

/**
 * A service in this process, on a Redis and a database of its own, and without a relay: it never gets a lease, so
 * every read goes to Postgres.
 */
export async function startLoneReplica(start: Start, environment: Environment = {}): Promise<LoneReplica> {
  const [redis, database] = await Promise.all([startRedis(), createDatabase()]);
  const databaseProxy = await startFaultProxy({ url: database.url });
  const service = await start({
    PORT: '0',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: databaseProxy.url,
    REDIS_CACHE_URL: redis.url,
    ...environment,
  });
  disposeAtEnd('the replica', () => service.stop());
  return {
    redis,
    database,
    databaseProxy,
    send: (method, path, options) => send(method, service.url, path, options),
  };
}
