import { MemoryPostgres } from '../postgres/memory-postgres.ts';
import type { PostgresServer } from '../postgres/postgres-server.ts';
import { MemoryRedis } from '../redis/memory-redis.ts';
import type { RedisFaults, RedisServer } from '../redis/redis-server.ts';

export type SimulatedRedis = RedisServer & RedisFaults;

export function makeRedis(options: { nowMs: () => number; newHistory: () => string }): SimulatedRedis {
  return new MemoryRedis(options);
}

export function makePostgres(options: {
  nowMs: () => number;
  after: (ms: number, callback: () => void) => () => void;
}): PostgresServer {
  return new MemoryPostgres({ ...options, origin: 'sim:1' });
}
