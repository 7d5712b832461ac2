import {
  type Cache,
  type CacheAside,
  type CacheId,
  cacheTable,
  connectRedis,
  createCache,
  installOutbox,
  type LoadContext,
  postgresDomain,
  ttl,
  type Version,
  type WriteThrough,
} from '@freshet/cache-core';
import { decodeValue, limits } from '@freshet/cache-core/protocol';
import { createLogger, createPool } from '@freshet/service-kit';
import {
  createDatabase,
  disposeAtEnd,
  eventually,
  startRedis,
  startSentinelGroup,
  type TestRedis,
  type TestSentinelGroup,
} from '@freshet/test-kit';
import { type OpenDomain, openDomain } from '../../src/domain/open-domain.ts';
import type { Table } from './recorded.ts';

interface Row {
  id: string;
  quantity: number;
}

/** One replica of a small service. */
export interface Replica {
  readonly name: string;
  readonly cache: Cache;
  readonly item: CacheAside<Row>;
  readonly stock: WriteThrough<Row>;
  /** Writes an item as cache-aside does; answers its version. */
  writeItem(id: string): Promise<Version>;
}

export const TABLES = ['item', 'stock'] as const;
export const IDS = ['a', 'b', 'c', 'd'];
/** Of the items: traffic leaves it alone. */
export const QUIET_ID = 'quiet';
const DOMAIN = 'shop';

/** A domain with two cached tables on a Sentinel group, with real relays and replicas of a small service. */
export class FailoverShop {
  readonly group: TestSentinelGroup;
  readonly #databaseUrl: string;
  readonly #queueUrl: string;
  readonly #pool: ReturnType<typeof createPool>;

  private constructor(group: TestSentinelGroup, databaseUrl: string, queueUrl: string) {
    this.group = group;
    this.#databaseUrl = databaseUrl;
    this.#queueUrl = queueUrl;
    this.#pool = this.#openPool('the test');
  }

  static async open(options: Parameters<typeof startSentinelGroup>[0] = {}): Promise<FailoverShop> {
    const [group, database, queue] = await Promise.all([
      startSentinelGroup(options),
      createDatabase(),
      startRedis({ flavour: 'queue' }),
    ]);
    const shop = new FailoverShop(group, database.url, queue.url);
    const execute = (sql: string): Promise<unknown> => shop.#pool.query(sql);
    await installOutbox(execute, { domain: DOMAIN });
    for (const table of TABLES) {
      await execute(`create table ${table} (id text primary key, quantity int not null)`);
      await cacheTable(execute, { table, service: 'shop', entity: table, idColumns: ['id'] });
      await execute(
        `insert into ${table} select id, 0 from unnest(array['${[...IDS, QUIET_ID].join("','")}']) id`,
      );
    }
    return shop;
  }

  /** By the Sentinels, or at one address. */
  startRelay(name: string, server: TestRedis | null = null): OpenDomain {
    const domain = openDomain({
      name: DOMAIN,
      databaseUrl: this.#databaseUrl,
      log: silentLog(name),
      config: {
        redisCacheUrl: server?.url ?? this.group.url,
        redisQueueUrl: this.#queueUrl,
        instanceName: name,
        leaseMs: limits.leaseMs,
        maxStalenessMs: limits.maxStalenessMs,
        strongTransactionMs: limits.strongTransactionMs,
        auditKeysPerSecond: 0,
        crashAt: 'never',
      },
    });
    disposeAtEnd(`relay ${name}`, () => domain.close());
    domain.relay.start();
    return domain;
  }

  async startReplica(name: string, server: TestRedis | null = null): Promise<Replica> {
    const redis = connectRedis(server?.url ?? this.group.url, {
      commandTimeoutMs: 500,
      connectionName: name,
    });
    const pool = this.#openPool(name);
    const origin = postgresDomain({ name: DOMAIN, pool });
    const cache = createCache({ service: 'shop', instance: name, redis, origin });
    const load = (table: Table) => async (id: CacheId, context: LoadContext) => {
      const { rows } = await (context.client ?? pool).query<Row & { version: Version }>(
        `select id, quantity, version from ${table} where id = $1`,
        [id],
      );
      const [row] = rows;
      return row === undefined
        ? null
        : { value: { id: row.id, quantity: row.quantity }, version: row.version };
    };
    const item = cache.aside<Row>({
      entity: 'item',
      ttl: ttl.profile,
      maxStaleness: limits.maxStalenessMs,
      load: load('item'),
    });
    const stock = cache.writeThrough<Row>({
      entity: 'stock',
      ttl: ttl.stock,
      maxStaleness: limits.maxStalenessMs,
      load: load('stock'),
    });
    await cache.start();
    disposeAtEnd(`replica ${name}`, async () => {
      await cache.close();
      redis.disconnect();
    });
    return {
      name,
      cache,
      item,
      stock,
      async writeItem(id) {
        const version = await origin.transaction(async (client) => {
          const { rows } = await client.query<{ version: Version }>(
            'update item set quantity = quantity + 1 where id = $1 returning version',
            [id],
          );
          return rows[0]?.version ?? '';
        });
        await item.invalidate(id, version);
        return version;
      },
    };
  }

  /** As psql does: no cache hears of it but by the outbox. */
  async writeBySql(table: Table, id: string): Promise<Version> {
    const { rows } = await this.#pool.query<{ version: Version }>(
      `update ${table} set quantity = quantity + 1 where id = $1 returning version`,
      [id],
    );
    return rows[0]?.version ?? '';
  }

  /** Changes the quiet item, and waits until a relay has dropped the old entry and marked that. */
  async overwriteQuietItem(): Promise<void> {
    const version = await this.writeBySql('item', QUIET_ID);
    await eventually(
      async () => {
        const { rowCount } = await this.#pool.query(
          'select from freshet.invalidation_outbox where version = $1 and applied_at is not null',
          [version],
        );
        return rowCount === 1;
      },
      { what: 'the change is fanned out' },
    );
  }

  async versionOf(table: Table, id: string): Promise<Version> {
    const { rows } = await this.#pool.query<{ version: Version }>(
      `select version from ${table} where id = $1`,
      [id],
    );
    return rows[0]?.version ?? '';
  }

  /** What a server holds; null for nothing. */
  async heldVersion(server: TestRedis, table: Table, id: string): Promise<Version | null> {
    const text = await this.group.direct(server).get(`shop:${table}:${id}`);
    const stored = text === null ? null : decodeValue(text);
    return stored?.kind === 'entry' ? stored.entry.version : null;
  }

  /** Whether this server, which takes itself for a primary, thinks that the replica may serve its memory. */
  async grantsLease(server: TestRedis, { cache }: Replica): Promise<boolean> {
    const redis = this.group.direct(server);
    const [[seconds], until, info] = await Promise.all([
      redis.time(),
      redis.zscore(`{coherence:${DOMAIN}}:leases`, cache.state().replicaId),
      redis.info('replication'),
    ]);
    return info.includes('role:master') && Number(until) > Number(seconds) * 1_000;
  }

  /** Has the Sentinels make another server the primary, and leave this one as it is, with its connections. */
  async supersede(primary: TestRedis): Promise<void> {
    await this.group.neverDemote();
    await this.group.failOver();
    await this.group.successorOf(primary);
  }

  async isConnected(server: TestRedis, { name }: Replica): Promise<boolean> {
    return String(await this.group.direct(server).client('LIST')).includes(`name=${name} `);
  }

  /** Whether the primary kept what it held under the blessing before. */
  async keptL2(): Promise<boolean> {
    const redis = this.group.direct(await this.group.primary());
    const [blessing, validFrom] = await redis.hmget(`{coherence:${DOMAIN}}:head`, 'blessing', 'validFrom');
    return Number(validFrom) < Number(blessing);
  }

  async newestBlessing(): Promise<{ number: number; finished: boolean }> {
    const { rows } = await this.#pool.query<{ number: number; finished: boolean }>(
      'select number::int, finished_at is not null as finished from freshet.blessing order by number desc limit 1',
    );
    return rows[0] ?? { number: 0, finished: false };
  }

  async untilBlessedAfter(number: number): Promise<void> {
    await eventually(
      async () => {
        const newest = await this.newestBlessing();
        return newest.number > number && newest.finished;
      },
      { what: `a blessing after ${number} has taken effect`, deadlineMs: 30_000 },
    );
  }

  async untilLeased(replicas: readonly Replica[]): Promise<void> {
    const { number } = await this.newestBlessing();
    await eventually(
      () =>
        replicas.every(({ cache }) => {
          const { mode, blessing } = cache.state();
          return mode === 'l1' && (blessing ?? 0) >= number;
        }),
      { what: 'the replicas hold leases under the newest blessing', deadlineMs: 30_000 },
    );
  }

  async untilDrained(): Promise<void> {
    await eventually(
      async () => {
        const { rows } = await this.#pool.query<{ pending: number }>(
          'select count(*)::int as pending from freshet.invalidation_outbox where applied_at is null',
        );
        return rows[0]?.pending === 0;
      },
      { what: 'the outbox is drained', deadlineMs: 30_000 },
    );
  }

  #openPool(applicationName: string) {
    const pool = createPool({
      url: this.#databaseUrl,
      size: 10,
      applicationName,
      log: silentLog(applicationName),
    });
    disposeAtEnd('A pool', () => pool.end());
    return pool;
  }
}

function silentLog(instance: string) {
  return createLogger({ service: 'test', instance, level: 'silent', destination: { write() {} } });
}
