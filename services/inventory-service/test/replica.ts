import { type RunningService, startService } from '@freshet/service-kit';
import {
  createDatabase,
  disposeAtEnd,
  type FaultProxy,
  startFaultProxy,
  startRedis,
  type TestDatabase,
  type TestRedis,
} from '@freshet/test-kit';
import { type Answer, type RequestOptions, send } from '@freshet/test-kit/system';
import { inventoryService } from '../src/app.ts';

export interface Replica {
  readonly service: RunningService;
  readonly redis: TestRedis;
  readonly database: TestDatabase;
  /** Between the service and its database. */
  readonly databaseProxy: FaultProxy;
  send(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

/**
 * The service in this process, on a Redis and a database of its own, and without a relay: it never gets a lease, so
 * every read goes to Postgres.
 */
export async function startReplica(environment: Readonly<Record<string, string>> = {}): Promise<Replica> {
  const [redis, database] = await Promise.all([startRedis(), createDatabase()]);
  const databaseProxy = await startFaultProxy({ url: database.url });
  const service = await startService(inventoryService, {
    PORT: '0',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: databaseProxy.url,
    REDIS_CACHE_URL: redis.url,
    ...environment,
  });
  disposeAtEnd('inventory-service', () => service.stop());
  return {
    service,
    redis,
    database,
    databaseProxy,
    send: (method, path, options) => send(method, service.url, path, options),
  };
}
