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
import { profileRoutes } from './profiles/routes.ts';
import { profileService } from './profiles/service.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { sessionService } from './sessions/service.ts';
import { sweepExpiredSessions } from './sessions/sweep.ts';

export const userService: ServiceDefinition<Config> = {
  name: 'user-service',
  description: 'Profiles and sessions of users, cached aside.',
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

  const origin = postgresDomain({ name: 'user', pool });
  const cache = createCache({
    service: 'user',
    instance,
    redis,
    origin,
    logger: log,
    loadConcurrency: connectionsForReads(config.databasePoolSize),
  });
  onClose('cache', () => cache.close());

  const profiles = profileService({ cache, origin, pool });
  const sessions = sessionService({ cache, origin, pool, lifetimeMs: config.sessionLifetimeMs });
  await cache.start();
  onClose('sweep of expired sessions', sweepExpiredSessions({ pool, log }));

  return {
    routes: [...profileRoutes(profiles), ...sessionRoutes(sessions)],
    ready: cacheReadiness(cache, config.readyWithoutLeaseAfterMs),
  };
}
