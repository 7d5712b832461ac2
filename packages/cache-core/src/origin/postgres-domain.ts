import { isFreshetError } from '../errors.ts';
import { assertName } from '../keys/key.ts';
import type { DomainLimits } from '../log/coherence-log.ts';
import { deletionVersion } from '../outbox/deletion-version.ts';
import { currentTraceparent } from '../telemetry/trace-context.ts';
import { commit } from './commit.ts';
import type {
  Origin,
  SchemaVersion,
  StrongCheck,
  StrongTransaction,
  StrongTransactionOptions,
} from './origin.ts';
import { THIS_POSTGRES } from './this-postgres.ts';
import type { Pool, PoolClient, QueryClient } from './query-client.ts';

/** A COMMIT waits for another machine. */
const COMMITS_SYNCHRONOUSLY = `current_setting('synchronous_standby_names') <> ''
  and current_setting('synchronous_commit') not in ('local', 'off')`;

/**
 * Held shared by strong transactions and exclusively while a schema version is registered: a replica must not begin
 * to fill under a schema version that a strong writer, about to commit, has put no fence on.
 */
const SCHEMA_VERSIONS_LOCK = "hashtextextended('freshet.schema_version', 0)";

export interface PostgresDomainOptions {
  /** The domain: one database, its outbox, and everything that caches its rows. Normally one per service. */
  name: string;
  /** A `pg.Pool` on the primary, without a transaction pooler in between. */
  pool: Pool;
}

/** The origin of one domain in Postgres ≥ 17, where `installOutbox` has run. */
export function postgresDomain({ name, pool }: PostgresDomainOptions): Origin {
  assertName('domain', name);
  return new PostgresDomain(name, pool);
}

class PostgresDomain implements Origin {
  readonly name: string;
  readonly #pool: Pool;

  constructor(name: string, pool: Pool) {
    this.name = name;
    this.#pool = pool;
  }

  async transaction<R>(work: (client: QueryClient) => Promise<R>): Promise<R> {
    const transaction = await this.#begin(`begin; ${traceSetting()}`);
    let result: R;
    try {
      result = await work(transaction.client);
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    await transaction.commit();
    return result;
  }

  async limits(): Promise<DomainLimits | null> {
    const { rows } = await this.#pool.query<DomainLimits>(
      `select lease_ms as "leaseMs", max_staleness_ms as "maxStalenessMs", strong_transaction_ms as "strongTransactionMs"
         from freshet.blessing order by number desc limit 1`,
    );
    return rows[0] ?? null;
  }

  async schemaVersions(): Promise<SchemaVersion[]> {
    const { rows } = await this.#pool.query<SchemaVersion>(
      'select service, entity, number from freshet.schema_version',
    );
    return rows;
  }

  async registerSchemaVersions(used: readonly (SchemaVersion & { ttlMs: number })[]): Promise<number> {
    const { rows } = await this.#pool.query<{ newest: string }>(
      'select coalesce(max(number), 0) as newest from freshet.blessing',
    );
    for (const version of used) {
      const values = [version.service, version.entity, version.number, version.ttlMs];
      const { rowCount } = await this.#pool.query(
        `update freshet.schema_version set last_used_at = clock_timestamp(), ttl_ms = greatest(ttl_ms, $4)
          where service = $1 and entity = $2 and number = $3`,
        values,
      );
      if (rowCount === 0) await this.#addSchemaVersion(values);
    }
    return Number(rows[0]?.newest ?? 0);
  }

  async commitsSynchronously(): Promise<boolean> {
    const { rows } = await this.#pool.query<{ waits: boolean }>(`select ${COMMITS_SYNCHRONOUSLY} as waits`);
    return rows[0]?.waits ?? false;
  }

  async beginStrong(options: StrongTransactionOptions): Promise<StrongTransaction> {
    // transaction_timeout is armed once per transaction: with a session's value in force another one is shown and
    // ignored, unless it was set to 0 before. READ COMMITTED, so that the check sees what the lock waited for.
    const transaction = await this.#begin(
      `begin isolation level read committed;
       set local transaction_timeout = 0; set local transaction_timeout = ${Math.trunc(options.transactionMs)};
       set local lock_timeout = ${Math.trunc(options.lockMs)};
       ${traceSetting()}
       select pg_advisory_xact_lock_shared(${SCHEMA_VERSIONS_LOCK})`,
    );
    try {
      const { client } = transaction;
      return {
        ...transaction,
        check: await strongCheck(client, options),
        async runDeferred() {
          await client.query('set constraints all immediate');
        },
        deletionVersion: () => deletionVersion(client),
      };
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  async #addSchemaVersion(values: readonly unknown[]): Promise<void> {
    await this.transaction(async (client) => {
      await client.query(`select pg_advisory_xact_lock(${SCHEMA_VERSIONS_LOCK})`);
      await client.query(
        `insert into freshet.schema_version (service, entity, number, ttl_ms, last_used_at)
         values ($1, $2, $3, $4, clock_timestamp())
         on conflict (service, entity, number) do update set last_used_at = excluded.last_used_at`,
        values,
      );
    });
  }

  async #begin(statements: string): Promise<Pick<StrongTransaction, 'client' | 'commit' | 'rollback'>> {
    const client = await this.#pool.connect();
    try {
      await client.query(statements);
    } catch (error) {
      client.release(true);
      throw error;
    }
    return {
      client,
      commit: () => finish(client, () => commit(client)),
      rollback: () => rollback(client),
    };
  }
}

async function strongCheck(
  client: QueryClient,
  { service, entity }: StrongTransactionOptions,
): Promise<StrongCheck> {
  const { rows } = await client.query<{
    blessing: string;
    strongTransactionMs: number;
    waits: boolean;
    numbers: number[];
  }>(
    // ● After a failover or a restore this Postgres may not know of every schema version that replicas fill under.
    `select case when newest.origin = ${THIS_POSTGRES} then newest.number else 0 end as blessing, newest.strong_transaction_ms as "strongTransactionMs",
            ${COMMITS_SYNCHRONOUSLY} as waits,
            array(select number from freshet.schema_version where service = $1 and entity = $2 order by number) as numbers
       from (select) as always
       left join lateral (select number, origin, strong_transaction_ms from freshet.blessing order by number desc limit 1) as newest
         on true`,
    [service, entity],
  );
  const [row] = rows;
  return {
    newestBlessing: Number(row?.blessing ?? 0),
    schemaVersions: row?.numbers ?? [],
    strongTransactionMs: row?.strongTransactionMs ?? null,
    commitsSynchronously: row?.waits ?? false,
  };
}

async function finish(client: PoolClient, end: () => Promise<void>): Promise<void> {
  try {
    await end();
    client.release();
  } catch (error) {
    client.release(isFreshetError(error, 'FRESHET_COMMIT_UNKNOWN'));
    throw error;
  }
}

async function rollback(client: PoolClient): Promise<void> {
  try {
    await client.query('rollback');
    client.release();
  } catch {
    // A connection that cannot roll back is closed, and the server rolls back.
    client.release(true);
  }
}

/** The trace reaches the outbox row through a setting of the transaction. The value is hexadecimal digits and dashes. */
function traceSetting(): string {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? '' : `select set_config('freshet.traceparent', '${traceparent}', true);`;
}
