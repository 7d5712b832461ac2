import { connectRedis } from '@freshet/cache-core';
import {
  type InspectionAnswer,
  type Inspector,
  openInspector,
  peek,
  type Peeked,
  systemClock,
} from '@freshet/cache-core/protocol';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import { OriginVersions } from './origin-versions.ts';

/** Replicas answer in a millisecond or two; one whose process is busy for longer is not waited for. */
const PATIENCE_MS = 300;

/** What every layer holds of a domain's keys. Nothing is loaded, counted or kept longer for it. */
export interface DomainInspection {
  readonly origin: OriginVersions;
  /** Its connection, for what else the audit says to Redis. */
  readonly redis: Redis;
  /** Rejects when Redis is away. */
  askReplicas(question: Parameters<Inspector['ask']>[0]): Promise<InspectionAnswer[]>;
  /** What stands under these keys in L2, 200 or so at most; `timeMs` is Redis's clock. */
  peek(keys: readonly string[]): Promise<{ timeMs: number; values: Peeked[] }>;
  close(): Promise<void>;
}

export interface InspectionOptions {
  redisUrl: string;
  domain: string;
  connectionName: string;
  pool: Pick<pg.Pool, 'query'>;
}

/** On connections of its own: operators and the audit must not hold up what is drained. */
export function openInspection({
  redisUrl,
  domain,
  connectionName,
  pool,
}: InspectionOptions): DomainInspection {
  const redis = connectRedis(redisUrl, {
    connectionName: `${connectionName}-inspection`,
    commandTimeoutMs: 1_000,
  });
  // A look is no use of a key. Redis knows this from 7.2 on; before, it counts one access of what is looked at.
  redis.on('ready', () => {
    redis.call('CLIENT', 'NO-TOUCH', 'ON').catch(() => {});
  });
  const inspector = openInspector({ redis, domain, clock: systemClock, patienceMs: PATIENCE_MS });
  return {
    origin: new OriginVersions(pool),
    redis,
    askReplicas: (question) => inspector.ask(question),
    peek: (keys) => peek(redis, keys),
    async close() {
      await inspector.close();
      redis.disconnect();
    },
  };
}
