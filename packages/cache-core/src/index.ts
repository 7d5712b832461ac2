export type { Cache, CacheState } from './cache.ts';
export type { CacheAside } from './cache-aside/cache-aside.ts';
export type {
  Answer,
  CacheOutcome,
  OutcomeDetail,
  ReadManyOptions,
  ReadOptions,
} from './cache-aside/outcome.ts';
export type { LoadContext, Loaded, PolicyOptions } from './cache-aside/policy.ts';
export { type CacheOptions, createCache } from './create-cache.ts';
export { FreshetError, type FreshetErrorCode, isFreshetError } from './errors.ts';
export type { LeaseLoss } from './freshness-lease/lease-state.ts';
export { type CacheId, isValidId } from './keys/key.ts';
export { parseVersion, type Version } from './keys/version.ts';
export type { L1Bounds } from './l1/l1.ts';
export type { Timings } from './options.ts';
export type { Origin } from './origin/origin.ts';
export { type PostgresDomainOptions, postgresDomain } from './origin/postgres-domain.ts';
export type { Pool, PoolClient, QueryClient, QueryResult } from './origin/query-client.ts';
export { deletionVersion } from './outbox/deletion-version.ts';
export { cacheTable, installOutbox, uncacheTable, uninstallOutbox } from './outbox/install.ts';
export { type ConnectRedisOptions, connectRedis } from './redis/connect.ts';
export type { SentinelGroup } from './redis/sentinel.ts';
export type { Logger } from './telemetry/cache-log.ts';
export type { EntityStats } from './telemetry/counters.ts';
export { type Ttl, ttl } from './ttl/ttl.ts';
export type { WriteThrough, Written } from './write-through/write-through.ts';
