export { cacheStatus } from './cache-http/cache-status.ts';
export { type CachedRead, type CachedReplyOptions, cachedReply } from './cache-http/cached-reply.ts';
export { type EntityTag, entityTag, type TagCondition } from './cache-http/entity-tag.ts';
export {
  cachedResponseHeaders,
  createdResponseHeaders,
  readHeaders,
  writeHeaders,
  writtenResponseHeaders,
} from './cache-http/headers.ts';
export { checkPreconditions, type WriteConditions } from './cache-http/preconditions.ts';
export { invalidateAfter, writerOf, type Written } from './cached-write/cached-write.ts';
export { type CommonConfig, commonVariables } from './config/common-variables.ts';
export { domainServiceVariables } from './config/domain-service-variables.ts';
export {
  type ConfigOf,
  describeConfig,
  type Environment,
  readConfig,
  type Variables,
} from './config/read-config.ts';
export {
  choice,
  flag,
  integer,
  list,
  optionalHttpUrl,
  optionalText,
  postgresUrl,
  redisOrSentinelUrl,
  redisUrl,
  text,
  url,
  type Variable,
} from './config/variable.ts';
export {
  isDatabaseUnavailable,
  isForeignKeyViolation,
  isUniqueViolation,
} from './database/errors.ts';
export { kyselyOn, kyselyOnPool } from './database/kysely.ts';
export { type MigrateOptions, migrate } from './database/migrate.ts';
export { databaseStartupError, openPool } from './database/open-database.ts';
export { connectionsForReads, createPool, type PoolOptions } from './database/pool.ts';
export { cacheReadiness } from './health/cache-readiness.ts';
export type { Readiness, ReadinessCheck } from './health/readiness.ts';
export { type AppOptions, createApp } from './http/app.ts';
export {
  conflict,
  invalidRequest,
  notFound,
  Problem,
  type ProblemDocument,
  type ProblemOptions,
  unavailable,
} from './http/problem.ts';
export { createLogger, type Logger, type LoggerOptions } from './log/logger.ts';
export { openApiDocument } from './openapi/document.ts';
export { emptyReply, type Reply, reply, streamReply } from './openapi/reply.ts';
export {
  type Method,
  type ResponseDefinition,
  type Route,
  type RouteDefinition,
  type RouteInput,
  route,
} from './openapi/route.ts';
export { plainText } from './openapi/schemas.ts';
export { runService } from './service/run-service.ts';
export type { Service, ServiceContext, ServiceDefinition } from './service/service.ts';
export { type RunningService, startService } from './service/start-service.ts';
export { processMetrics } from './telemetry/process-metrics.ts';
export { within } from './shutdown/within.ts';
export { StartupError, type StartupErrorCode } from './startup-error.ts';
