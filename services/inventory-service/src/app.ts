import { connectRedis, createCache, postgresDomain } from '@freshet/cache-core';
import {
  cacheReadiness,
  connectionsForReads,
  migrate,
  openPool,
  type Service,
  type ServiceContext,
  type ServiceDefinition,
} from '@freshet/service-kit';
import { type Config, readEnvironment } from './config.ts';
import { productRoutes } from './products/routes.ts';
import { productService } from './products/service.ts';
import { stockRoutes } from './stock/routes.ts';
import { stockService } from './stock/service.ts';
import { summaryRoutes } from './summary/routes.ts';
import { summaryService } from './summary/service.ts';

export const inventoryService: ServiceDefinition<Config> = {
  name: 'inventory-service',
  description: 'Stock, written through the cache; products, cached aside; a summary, cached to its TTL.',
  config: readEnvironment,
  build,
};

async function build({ config, log, onClose }: ServiceContext<Config>): Promise<Service> {
  const { databaseUrl: url, instanceName: instance } = config;
  if (config.migrateOnStart) await migrate({ url, folder: new URL('./migrations/', import.meta.url), log });

  const pool = await openPool({ url, size: config.databasePoolSize, applicationName: instance, log });
  onClose('database pool', () => pool.end());

  const redis = connectRedis(config.redisCacheUrl, { connectionName: instance });
  onClose('cache connection', () => redis.disconnect());

  const origin = postgresDomain({ name: 'inventory', pool });
  const cache = createCache({
    service: 'inventory',
    instance,
    redis,
    origin,
    logger: log,
    loadConcurrency: connectionsForReads(config.databasePoolSize),
  });
  onClose('cache', () => cache.close());

  const stock = stockService({ cache, pool });
  const products = productService({ cache, origin, pool, stock });
  const summary = summaryService({ cache, pool });
  await cache.start();

  return {
    routes: [...stockRoutes(stock), ...productRoutes(products), ...summaryRoutes(summary)],
    ready: cacheReadiness(cache, config.readyWithoutLeaseAfterMs),
  };
}
