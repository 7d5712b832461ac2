import type { RedisFaults, RedisServer } from '../redis/redis-server.ts';

/** A Redis server process at some address. */
export interface RedisNode {
  readonly name: string;
  readonly server: RedisServer & RedisFaults;
  up: boolean;
  /** Requests that arrive meanwhile are answered afterwards. */
  pausedUntil: number;
}
