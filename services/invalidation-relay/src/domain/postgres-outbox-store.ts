import { THIS_POSTGRES } from '@freshet/cache-core/protocol';
import type pg from 'pg';
import { inTransaction } from './in-transaction.ts';
import type {
  FanOutPath,
  LockedBatch,
  OutboxDepth,
  OutboxRow,
  OutboxSnapshot,
  OutboxStore,
  RowSelection,
} from './outbox-store.ts';

const PURGE_LIMIT = 5_000;

// After an outage every row is old, and one of them may fail once more.
const FAILING_ATTEMPTS = 3;

// Beyond the longest TTL since the last use: jitter (10 % of a day at most), and a replica that could not say for hours
// that it is still there.
const SCHEMA_VERSION_MARGIN = '1 day';

export const ROW_COLUMNS = `id, service, entity, id_parts as "idParts", version, traceparent, attempts`;
export const PENDING = 'applied_at is null and dead_at is null';

const LOCK_DUE_ROWS = `
  select ${ROW_COLUMNS} from freshet.invalidation_outbox
  where ${PENDING} and next_attempt_at <= clock_timestamp()
  order by id limit $1
  for update skip locked`;

const LOCK_THESE_ROWS = `
  select ${ROW_COLUMNS} from freshet.invalidation_outbox
  where id = any($1::bigint[]) and ${PENDING}
  order by id
  for update skip locked`;

const NEWEST_BLESSING = 'coalesce((select max(number) from freshet.blessing), 0)';

const LATENCY = `extract(epoch from applied_at - created_at)::float8 * 1000 as "latencyMs"`;

// The number is drawn here and nowhere earlier: a row with a number is a row whose DROP is done.
const MARK_APPLIED = `
  update freshet.invalidation_outbox
  set applied_at = clock_timestamp(), applied_no = nextval('freshet.applied_no_seq'), last_error = null
  where id = any($1::bigint[]) and ${NEWEST_BLESSING} = $2::bigint
  returning ${LATENCY}`;

// One statement, as above: what is noted for operators must cost no round trip.
const MARK_APPLIED_WITH_PATH = `
  update freshet.invalidation_outbox outbox
  set applied_at = clock_timestamp(), applied_no = nextval('freshet.applied_no_seq'), last_error = null,
      log_id = $3 || '-' || ($4::bigint + place)::text,
      drained_at = clock_timestamp() - $5::float8 * interval '1 ms',
      dropped_at = clock_timestamp() - $6::float8 * interval '1 ms',
      appended_at = clock_timestamp() - $7::float8 * interval '1 ms'
  from unnest($1::bigint[]) with ordinality as marked (marked_id, place)
  where id = marked_id and ${NEWEST_BLESSING} = $2::bigint
  returning ${LATENCY}`;

const KEEPS_PATHS = `
  select exists (select from pg_attribute where attrelid = 'freshet.invalidation_outbox'::regclass
    and attname = 'appended_at' and not attisdropped) as keeps`;

/** The real `OutboxStore`. The pool must end transactions that stay idle, so that a stopped relay frees its rows. */
export class PostgresOutboxStore implements OutboxStore {
  readonly #pool: pg.Pool;
  /** False while the schema is an older one, which a service will bring up to date. */
  #keepsPaths = false;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async domainName(): Promise<string | null> {
    const present = await this.#pool.query<{ present: boolean }>(
      `select to_regclass('freshet.domain') is not null as present`,
    );
    if (!present.rows[0]?.present) return null;
    const { rows } = await this.#pool.query<{ name: string }>('select name from freshet.domain');
    return rows[0]?.name ?? null;
  }

  async isCurrent(): Promise<boolean> {
    const { rows } = await this.#pool.query<{ confirmed: boolean }>(
      `select exists (select from pg_attribute where attrelid = to_regclass('freshet.blessing')
         and attname = 'confirmed_at' and not attisdropped) as confirmed`,
    );
    return only(rows).confirmed;
  }

  withLockedRows<Result>(
    selection: RowSelection,
    work: (batch: LockedBatch) => Promise<Result>,
  ): Promise<Result> {
    return inTransaction(this.#pool, async (client) => {
      const { rows } =
        'due' in selection
          ? await client.query<OutboxRow>(LOCK_DUE_ROWS, [selection.due.limit])
          : await client.query<OutboxRow>(LOCK_THESE_ROWS, [selection.ids]);
      return work(new PostgresBatch(client, rows, (asked) => this.#keeps(asked)));
    });
  }

  async #keeps(client: pg.PoolClient): Promise<boolean> {
    if (!this.#keepsPaths) {
      const { rows } = await client.query<{ keeps: boolean }>(KEEPS_PATHS);
      this.#keepsPaths = only(rows).keeps;
    }
    return this.#keepsPaths;
  }

  async snapshot(): Promise<OutboxSnapshot> {
    // One statement is one snapshot. A sequence has none: it is read no later than the answer arrives.
    const { rows } = await this.#pool.query<{
      origin: string;
      pending: string | null;
      blessing: string;
      applied: string;
    }>(`
      select ${THIS_POSTGRES} as origin,
             (select max(id) from freshet.invalidation_outbox where ${PENDING}) as pending,
             ${NEWEST_BLESSING} as blessing,
             (select last_value from freshet.applied_no_seq) as applied`);
    const row = only(rows);
    return {
      origin: row.origin,
      highestPendingId: row.pending,
      newestBlessing: Number(row.blessing),
      appliedNo: row.applied,
    };
  }

  async progress(id: string | null): Promise<{ pending: boolean; newestBlessing: number }> {
    const { rows } = await this.#pool.query<{ pending: boolean; blessing: string }>(
      `select exists (select from freshet.invalidation_outbox where ${PENDING} and id <= $1::bigint) as pending,
              ${NEWEST_BLESSING} as blessing`,
      [id],
    );
    const row = only(rows);
    return { pending: row.pending, newestBlessing: Number(row.blessing) };
  }

  async depth(): Promise<OutboxDepth> {
    // Each from its partial index: the applied rows of the last minutes are many.
    const { rows } = await this.#pool.query<OutboxDepth>(`
      select (select count(*)::int from freshet.invalidation_outbox where ${PENDING}) as pending,
             coalesce((select extract(epoch from clock_timestamp() - created_at)::float8 * 1000
                       from freshet.invalidation_outbox where ${PENDING} order by id limit 1), 0) as "oldestAgeMs",
             (select count(*)::int from freshet.invalidation_outbox where ${PENDING} and attempts >= ${FAILING_ATTEMPTS}
                and created_at < clock_timestamp() - interval '1 minute') as "retryingForLong",
             (select count(*)::int from freshet.invalidation_outbox where dead_at is not null) as "deadLetters"`);
    return only(rows);
  }

  async checkCachedTables() {
    const { rows } = await this.#pool.query<{
      table: string;
      service: string;
      entity: string;
      problem: string | null;
    }>('select table_name as "table", service, entity, problem from freshet.check_cached_tables()');
    return rows;
  }

  async purge(olderThanMs: number): Promise<number> {
    const { rows } = await this.#pool.query<{ purged: number }>(
      `with old as (
         select id from freshet.invalidation_outbox
         where applied_no is not null and applied_at < clock_timestamp() - make_interval(secs => $1 / 1000.0)
         order by applied_no limit ${PURGE_LIMIT}
         for update skip locked
       ), gone as (
         delete from freshet.invalidation_outbox using old
         where invalidation_outbox.id = old.id returning invalidation_outbox.applied_no
       ), kept as (
         update freshet.purge
         set highest_applied_no = greatest(highest_applied_no, (select max(applied_no) from gone))
         where exists (select from gone)
       )
       select count(*)::int as purged from gone`,
      [olderThanMs],
    );
    return only(rows).purged;
  }

  async schemaVersions() {
    const { rows } = await this.#pool.query<{ service: string; entity: string; number: number }>(
      'select service, entity, number from freshet.schema_version',
    );
    return rows;
  }

  async forgetSchemaVersions(): Promise<number> {
    const { rowCount } = await this.#pool.query(
      `delete from freshet.schema_version
       where last_used_at < clock_timestamp() - make_interval(secs => ttl_ms / 1000.0) - interval '${SCHEMA_VERSION_MARGIN}'`,
    );
    return rowCount ?? 0;
  }
}

class PostgresBatch implements LockedBatch {
  readonly rows: readonly OutboxRow[];
  readonly #client: pg.PoolClient;
  readonly #keepsPaths: (client: pg.PoolClient) => Promise<boolean>;

  constructor(
    client: pg.PoolClient,
    rows: readonly OutboxRow[],
    keepsPaths: (client: pg.PoolClient) => Promise<boolean>,
  ) {
    this.#client = client;
    this.rows = rows;
    this.#keepsPaths = keepsPaths;
  }

  async newestBlessing(): Promise<number> {
    const { rows } = await this.#client.query<{ number: string }>(`select ${NEWEST_BLESSING} as number`);
    return Number(only(rows).number);
  }

  async schemaVersions(): Promise<ReadonlyMap<string, readonly number[]>> {
    const { rows } = await this.#client.query<{ name: string; numbers: number[] }>(
      `select service || ':' || entity as name, array_agg(number order by number) as numbers
       from freshet.schema_version
       where (service, entity) in (select * from unnest($1::text[], $2::text[]))
       group by service, entity`,
      [this.rows.map((row) => row.service), this.rows.map((row) => row.entity)],
    );
    return new Map(rows.map((row) => [row.name, row.numbers]));
  }

  async markApplied(
    ids: readonly string[],
    blessing: number,
    path?: FanOutPath,
  ): Promise<{ latencyMs: number }[]> {
    if (path === undefined || !(await this.#keepsPaths(this.#client))) {
      return (await this.#client.query<{ latencyMs: number }>(MARK_APPLIED, [ids, blessing])).rows;
    }
    const { lastLogId, drainedMs, droppedMs, appendedMs } = path;
    const [logBlessing, last] = lastLogId.split('-');
    const before = Number(last) - ids.length;
    const values = [ids, blessing, logBlessing, before, drainedMs, droppedMs, appendedMs];
    return (await this.#client.query<{ latencyMs: number }>(MARK_APPLIED_WITH_PATH, values)).rows;
  }

  async postpone(ids: readonly string[], delayMs: number, error: string): Promise<void> {
    await this.#client.query(
      `update freshet.invalidation_outbox
       set attempts = attempts + 1, last_error = left($3, 500),
           next_attempt_at = clock_timestamp() + make_interval(secs => $2 / 1000.0)
       where id = any($1::bigint[])`,
      [ids, delayMs, error],
    );
  }

  async bury(id: string, reason: string): Promise<void> {
    await this.#client.query(
      `update freshet.invalidation_outbox set dead_at = clock_timestamp(), dead_reason = left($2, 500) where id = $1`,
      [id, reason],
    );
  }

  async keepAlive(): Promise<void> {
    await this.#client.query('select');
  }
}

function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('Postgres answered no row where there is always one.');
  return row;
}
