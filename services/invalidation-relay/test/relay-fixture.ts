import { connectRedis, installOutbox } from '@freshet/cache-core';
import { encodeEntry, redisProtocol, systemClock, type Version } from '@freshet/cache-core/protocol';
import { createLogger } from '@freshet/service-kit';
import { createDatabase, disposeAtEnd, eventually, startRedis, type TestRedis } from '@freshet/test-kit';
import { Pool } from 'pg';
import { Blesser } from '../src/blessing/blesser.ts';
import { PostgresBlessingStore } from '../src/blessing/postgres-blessing-store.ts';
import { scanKeys } from '../src/domain/redis-link.ts';
import type { RelayTiming } from '../src/domain/relay-timing.ts';
import { openDomain, type OpenDomain } from '../src/domain/open-domain.ts';
import { type Faults, noFaults } from '../src/faults/faults.ts';

export const DOMAIN = 'user';
/** Small, so that a blessing's wait is one; lasting long enough that a slow machine does not mistake them. */
export const LIMITS = { leaseMs: 100, maxStalenessMs: 200, strongTransactionMs: 200 };

export interface RelayFixture {
  readonly databaseUrl: string;
  readonly cache: TestRedis;
  readonly queue: TestRedis;
  /** Not the relays' own: for what a test writes and looks at. */
  readonly db: Pool;
  readonly redis: ReturnType<typeof connectRedis>;
  readonly protocol: ReturnType<typeof redisProtocol>;
  /** A relay of the domain in this process, started; stopped at the end of the test. */
  startRelay(options?: RelayOptions): OpenDomain;
  /** Puts an entry of the current blessing under the key. */
  cacheEntry(key: string, version: Version): Promise<void>;
  untilBlessed(): Promise<number>;
  /** The first blessing, by the test itself: for relays that are told not to look. */
  bless(): Promise<void>;
  untilDrained(): Promise<void>;
  pending(): Promise<number>;
  logEntries(): Promise<{ kind: string; key: string; v: string; tp?: string }[]>;
}

export interface RelayOptions {
  name?: string;
  faults?: Faults;
  timing?: Partial<RelayTiming>;
  cacheUrl?: string;
  queueUrl?: string;
  limits?: typeof LIMITS;
  /** Given the text of each line that is logged. */
  onLog?: (message: string) => void;
}

/**
 * One domain on a real Postgres and two real Redis, with a cached table `profiles (id text, name text)` of the
 * entity user:profile in schema versions 1 and 2. For one test.
 */
export async function createRelayFixture(): Promise<RelayFixture> {
  const [database, cache, queue] = await Promise.all([
    createDatabase(),
    startRedis(),
    startRedis({ flavour: 'queue' }),
  ]);
  const db = new Pool({ connectionString: database.url, max: 4 });
  disposeAtEnd('pool of the test', () => db.end());
  await installSchema(db);
  const redis = connectRedis(cache.url, { commandTimeoutMs: 5_000 });
  disposeAtEnd('Redis connection of the test', async () => redis.disconnect());
  const protocol = redisProtocol(redis, DOMAIN);
  await eventually(() => redis.status === 'ready', { what: 'the test is connected to Redis' });

  const fixture: RelayFixture = {
    databaseUrl: database.url,
    cache,
    queue,
    db,
    redis,
    protocol,
    startRelay(options = {}) {
      const domain = openDomain({
        name: DOMAIN,
        databaseUrl: database.url,
        log: logger(options.onLog),
        config: {
          redisCacheUrl: options.cacheUrl ?? cache.url,
          redisQueueUrl: options.queueUrl ?? queue.url,
          instanceName: options.name ?? 'relay',
          ...(options.limits ?? LIMITS),
          auditKeysPerSecond: 0,
          crashAt: 'never',
        },
        ...(options.faults && { faults: options.faults }),
        ...(options.timing && { timing: options.timing }),
      });
      disposeAtEnd(`relay ${options.name ?? ''}`, () => domain.close());
      domain.relay.start();
      return domain;
    },
    async cacheEntry(key, version) {
      const { blessing } = await protocol.status();
      await redis.set(
        key,
        encodeEntry({ version, blessing, at: Date.now(), ttl: 600_000, cost: 1, payload: { key } }),
        'PX',
        600_000,
      );
    },
    untilBlessed: () =>
      eventually(
        async () => {
          const status = await protocol.status();
          return status.blessed && status.blessing;
        },
        { what: 'Redis is blessed' },
      ),
    async bless() {
      const blesser = new Blesser({
        store: new PostgresBlessingStore(db),
        redis: { protocol, scan: (prefix) => scanKeys(redis, prefix) },
        clock: systemClock,
        faults: noFaults,
        limits: LIMITS,
        self: 'the test',
        onRecorded: () => {},
      });
      await blesser.watch();
    },
    async untilDrained() {
      await eventually(async () => (await fixture.pending()) === 0, { what: 'the outbox is drained' });
    },
    async pending() {
      const { rows } = await db.query<{ count: number }>(
        'select count(*)::int from freshet.invalidation_outbox where applied_at is null and dead_at is null',
      );
      return rows[0]?.count ?? 0;
    },
    async logEntries() {
      const entries = await redis.xrange(`{coherence:${DOMAIN}}:log`, '-', '+');
      return entries.map(
        ([, fields]) => JSON.parse(fields[1] ?? '') as { kind: string; key: string; v: string },
      );
    },
  };
  return fixture;
}

function logger(onLog: RelayOptions['onLog']) {
  const destination = {
    write: (line: string) => onLog?.((JSON.parse(line) as { msg: string }).msg),
  };
  return createLogger({ service: 'invalidation-relay', instance: 'test', level: 'info', destination });
}

async function installSchema(db: Pool): Promise<void> {
  await installOutbox((sql) => db.query(sql), { domain: DOMAIN });
  await db.query(`
    create table profiles (id text primary key, name text not null);
    select freshet.cache_table('profiles', 'user', 'profile', array['id']);
    insert into freshet.schema_version (service, entity, number, ttl_ms)
    values ('user', 'profile', 1, 900000), ('user', 'profile', 2, 900000)`);
}
