export { type ChildProcessOptions, startChildProcess } from './parts/child-process.ts';
export { stateFolder, temporaryFolder } from './parts/folders.ts';
export { freePort } from './parts/free-port.ts';
export { LocalError, type LocalErrorCode } from './parts/local-error.ts';
export { type Postgres, type PostgresOptions, startPostgres } from './parts/postgres.ts';
export type { Readiness } from './parts/readiness.ts';
export { type Redis, type RedisFlavour, type RedisOptions, startRedisServer } from './parts/redis.ts';
export type { ChildProcess, Exit } from './parts/running-process.ts';
export { ensurePrograms, type Program, requireProgram } from './parts/system-packages.ts';
