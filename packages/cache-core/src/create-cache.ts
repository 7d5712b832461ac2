import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Cache, ReplicaCache, type ReplicaParts } from './cache.ts';
import { systemClock } from './clock.ts';
import { type Doorbell, listen } from './freshness-lease/doorbell.ts';
import { questionChannel } from './inspection/question.ts';
import { assertName } from './keys/key.ts';
import type { L1Bounds } from './l1/l1.ts';
import type { Timings } from './options.ts';
import type { Origin } from './origin/origin.ts';
import { reconnect, watchConnection } from './redis/connect.ts';
import { replicaDoorbell } from './redis/protocol.ts';
import { redisProtocol } from './redis/redis-protocol.ts';
import type { Logger } from './telemetry/cache-log.ts';

export interface CacheOptions {
  /** First part of every key. */
  service: string;
  /** Names this process for operators, for example `user-service-1`. Default: the service. */
  instance?: string;
  /** From `connectRedis`. The cache listens on a duplicate of it; closing both connections is the cache's and yours. */
  redis: Redis;
  origin: Origin;
  /** Bounds of each entity's part of L1. Default: 10,000 entries, any number of bytes. */
  l1?: Partial<L1Bounds>;
  /** Loads from the origin that run at the same time in this process. Default 16; another 1,000 may wait. */
  loadConcurrency?: number;
  /** A pino logger fits. Reads are logged at debug level. */
  logger?: Logger;
  /** Share of the reads that are logged, 0 to 1. Default 1. */
  logSample?: number;
  timings?: Partial<Timings>;
}

/** One replica of a service on real Redis. @throws FRESHET_INVALID_OPTIONS */
export function createCache(options: CacheOptions): Cache {
  const { service, instance = service, redis, origin, ...rest } = options;
  assertName('service', service);
  const connectionTrouble = watchConnection(redis, (reason) =>
    rest.logger?.warn({ reason }, 'no connection to the cache Redis'),
  );
  return new ReplicaCache({
    ...rest,
    service,
    instance,
    origin,
    // Random and never used again: a process that comes back must not be taken for the one that died.
    replicaId: `${instance}.${randomBytes(8).toString('hex')}`,
    protocol: redisProtocol(redis, origin.name),
    connectionTrouble,
    // Only Sentinels know of another one.
    ...(redis.options.sentinels && { reconnect: () => reconnect(redis) }),
    listen: (onRing, onQuestion) => listenOn(redis, origin.name, onRing, onQuestion),
    clock: systemClock,
    random: Math.random,
    token: () => randomBytes(12).toString('base64url'),
  });
}

/** Answers go out on the connection that the cache speaks on: one that listens may say nothing else. */
function listenOn(
  redis: Redis,
  domain: string,
  ...[onRing, onQuestion]: Parameters<ReplicaParts['listen']>
): Doorbell {
  const answer = (question: string): void => {
    const answered = onQuestion(question);
    // Whoever asked has stopped waiting by the time that it could be sent again.
    if (answered !== null) redis.publish(answered.channel, answered.text).catch(() => {});
  };
  const channels = new Map<string, (message: string) => void>([
    [replicaDoorbell(domain), onRing],
    [questionChannel(domain), answer],
  ]);
  return listen(redis, systemClock, { channels, onListening: onRing });
}
