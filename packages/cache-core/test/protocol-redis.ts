import { disposeAtEnd, eventually, startRedis, type TestRedis } from '@freshet/test-kit';
import type { Redis } from 'ioredis';
import type { Blessing } from '../src/log/coherence-log.ts';
import { type ConnectRedisOptions, connectRedis } from '../src/redis/connect.ts';
import type { Protocol } from '../src/redis/protocol.ts';
import { redisProtocol } from '../src/redis/redis-protocol.ts';

export interface Domain {
  protocol: Protocol;
  /** The domain's Redis keys. */
  head: string;
  log: string;
  applied: string;
  leases: string;
  /** Blesses this server, as it is; the answer is what was blessed. */
  bless(changed?: Partial<Blessing>): Promise<Blessing>;
}

/** The protocol over a real Redis of this test file. Each test takes a key, or a domain, that no other has. */
export interface ProtocolRedis {
  server: TestRedis;
  /** The connection under the protocol, for looking at what it left behind. */
  redis: Redis;
  protocol: Protocol;
  newKey(): string;
  newDomain(): Domain;
  /** The server's clock. */
  timeMs(): Promise<number>;
}

export async function startProtocolRedis(): Promise<ProtocolRedis> {
  const server = await startRedis();
  const redis = await connected(server.url);
  // A process has one protocol per connection; here every test makes one.
  redis.setMaxListeners(0);
  let count = 0;
  return {
    server,
    redis,
    protocol: redisProtocol(redis, 'shop'),
    newKey: () => `shop:item:${++count}`,
    newDomain: () => domainOn(redis, `shop-${++count}`),
    async timeMs() {
      const [seconds, microseconds] = await redis.time();
      return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    },
  };
}

/** A ready connection with the protocol's options and a deadline that a busy machine keeps. */
export async function connected(url: string, options: ConnectRedisOptions = {}): Promise<Redis> {
  const redis = connectRedis(url, { commandTimeoutMs: 10_000, ...options });
  disposeAtEnd('Redis connection', async () => redis.disconnect());
  await eventually(() => redis.status === 'ready', { what: 'Redis is connected' });
  return redis;
}

export function domainOn(redis: Redis, name: string): Domain {
  const protocol = redisProtocol(redis, name);
  return {
    protocol,
    head: `{coherence:${name}}:head`,
    log: `{coherence:${name}}:log`,
    applied: `{coherence:${name}}:applied`,
    leases: `{coherence:${name}}:leases`,
    async bless(changed = {}) {
      const { history, timeMs } = await protocol.status();
      const blessing: Blessing = {
        blessing: 1,
        history,
        validFrom: 1,
        origin: '7000000000000000000:1',
        asOf: timeMs,
        appliedNo: '0',
        limits: { leaseMs: 1_500, maxStalenessMs: 2_000, strongTransactionMs: 2_000 },
        ...changed,
      };
      if (!(await protocol.bless(blessing))) throw new Error('The server refused to be blessed.');
      return blessing;
    },
  };
}
