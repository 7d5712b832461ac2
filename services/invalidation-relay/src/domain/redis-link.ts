import { connectRedis } from '@freshet/cache-core';
import type { Redis } from 'ioredis';
import {
  outboxDoorbell,
  type Protocol,
  reconnect,
  redisProtocol,
  watchConnection,
} from '@freshet/cache-core/protocol';

const SCAN_COUNT = 1_000;
// A batch of drops is one pipeline of some thousand scripts behind one another: the cache's own 200 ms are for one.
const COMMAND_TIMEOUT_MS = 1_000;

/** One domain's Redis, as its relay uses it. */
export interface RedisLink {
  readonly protocol: Protocol;
  /** Pages of the keys that begin with `prefix`: all that were there from beginning to end, some of them twice. */
  scan(prefix: string): AsyncIterable<string[]>;
  /** Calls `listener` at each ring of the outbox doorbell, and whenever rings may have been missed. */
  onDoorbell(listener: () => void): void;
  /** Connects anew: behind the same address there may be another server now. */
  reconnect(): void;
  close(): void;
}

/** Two connections: one for everything that the protocol says, so that a batch never spans two; one that listens. */
export function connectRedisLink(
  url: string,
  domain: string,
  connectionName: string,
  onTrouble: (reason: string) => void = () => {},
): RedisLink {
  const redis = connectRedis(url, { connectionName, commandTimeoutMs: COMMAND_TIMEOUT_MS });
  watchConnection(redis, onTrouble);
  // ioredis would subscribe again by itself too, and nobody hears when that fails: the rejection would end the process.
  const subscriber = redis.duplicate({
    connectionName: `${connectionName}-doorbell`,
    autoResubscribe: false,
  });
  subscriber.on('error', () => {});
  let listener: (() => void) | null = null;
  subscriber.on('message', () => listener?.());
  // The poll finds what a lost ring announced, so a subscription that silently died costs one poll's delay at most.
  subscriber.on('ready', () => {
    subscriber.subscribe(outboxDoorbell(domain)).then(
      () => listener?.(),
      () => reconnect(subscriber),
    );
  });
  return {
    protocol: redisProtocol(redis, domain),
    scan: (prefix) => scanKeys(redis, prefix),
    onDoorbell(callback) {
      listener = callback;
    },
    reconnect: () => reconnect(redis),
    close() {
      redis.disconnect();
      subscriber.disconnect();
    },
  };
}

/** See `RedisLink.scan`. */
export async function* scanKeys(redis: Redis, prefix: string): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', SCAN_COUNT);
    yield keys;
    cursor = next;
  } while (cursor !== '0');
}
