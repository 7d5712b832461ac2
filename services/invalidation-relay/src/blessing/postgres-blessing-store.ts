import { compareVersions, THIS_POSTGRES, type Version } from '@freshet/cache-core/protocol';
import type pg from 'pg';
import { inTransaction } from '../domain/in-transaction.ts';
import type { OutboxRow } from '../domain/outbox-store.ts';
import { PENDING, ROW_COLUMNS } from '../domain/postgres-outbox-store.ts';
import type {
  AppliedUpTo,
  BlessingRecord,
  BlessingSnapshot,
  BlessingStore,
  BlessingToRecord,
  MissedChanges,
  RecordedBlessing,
} from './blessing-store.ts';

/** Of the domain's database: whoever holds it records. Any constant does; this one spells 'fres'. */
export const BLESSING_LOCK = 0x66726573;

/** With more rows than these a domain would wait for seconds, to keep little: see docs/adr/0009. */
const MOST_MISSED = 20_000;

const COLUMNS = `number, history, origin, lease_ms, max_staleness_ms, strong_transaction_ms, recorded_by, recorded_at,
  finished_at, extract(epoch from clock_timestamp() - recorded_at)::float8 * 1000 as age_ms,
  extract(epoch from clock_timestamp() - confirmed_at)::float8 * 1000 as confirmed_ms`;

interface BlessingRow {
  number: string;
  history: string;
  origin: string;
  lease_ms: number;
  max_staleness_ms: number;
  strong_transaction_ms: number;
  recorded_by: string;
  recorded_at: Date;
  finished_at: Date | null;
  age_ms: number;
  confirmed_ms: number;
}

/** The real `BlessingStore`. Fails on a Postgres that is in recovery: only a primary is an origin. */
export class PostgresBlessingStore implements BlessingStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async read(history: string): Promise<BlessingRecord> {
    const { rows } = await this.#pool.query<BlessingRow & { known: boolean; this_origin: string }>(
      `select this_origin, newest.*,
              exists (select from freshet.blessing where blessing.history = $1) as known
       from (select ${THIS_POSTGRES} as this_origin) postgres
       left join (select ${COLUMNS} from freshet.blessing order by number desc limit 1) newest on true`,
      [history],
    );
    const row = rows[0];
    if (row === undefined) throw new Error('Postgres answered no row where there is always one.');
    return {
      origin: row.this_origin,
      newest: row.number === null ? null : toRecord(row),
      historyKnown: row.known,
    };
  }

  record(blessing: BlessingToRecord): Promise<{ number: number; waitMs: number } | null> {
    return inTransaction(this.#pool, async (client) => {
      await client.query('select pg_advisory_xact_lock($1)', [BLESSING_LOCK]);
      // A statement of its own: its snapshot must be taken after the lock was got.
      const { rows } = await client.query<{
        newest: string;
        wait_ms: number;
        now_ms: string;
        origin: string | null;
      }>(
        `select coalesce(max(number), 0) as newest,
                (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms,
                (select origin from freshet.blessing order by number desc limit 1) as origin,
                -- The limits of the last blessing that took effect for certain, and of all after it.
                greatest($1::int, max(greatest(max_staleness_ms, strong_transaction_ms))
                  filter (where number >= coalesce((select max(number) from freshet.blessing where finished_at is not null), 0)))
                  as wait_ms
         from freshet.blessing`,
        [Math.max(blessing.limits.maxStalenessMs, blessing.limits.strongTransactionMs)],
      );
      const newest = Number(rows[0]?.newest);
      if (newest !== blessing.expectedNewest) return null;
      const { history, origin, limits, recordedBy, headBlessing } = blessing;
      const wasLost = newest === 0 ? headBlessing > 0 : rows[0]?.origin !== origin;
      // ● No number twice, not even where blessings were lost with an earlier Postgres: a replica that slept meanwhile knows
      // those, and would take the log of the new one for the rest of theirs. By the clock, in ms, none of them is as high.
      // Where Redis and all relays have lost them as well, nothing tells of the loss: see 'Assumptions' in cache-core's DESIGN.md.
      const number = Math.max(newest, headBlessing, wasLost ? Number(rows[0]?.now_ms) : 0) + 1;
      await client.query(
        `insert into freshet.blessing
           (number, history, origin, lease_ms, max_staleness_ms, strong_transaction_ms, recorded_by)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [
          number,
          history,
          origin,
          limits.leaseMs,
          limits.maxStalenessMs,
          limits.strongTransactionMs,
          recordedBy,
        ],
      );
      return { number, waitMs: Number(rows[0]?.wait_ms) };
    });
  }

  snapshot(since: AppliedUpTo | null): Promise<BlessingSnapshot> {
    return inTransaction(this.#pool, async (client) => {
      await client.query('set transaction isolation level repeatable read, read only');
      const { rows } = await client.query<{
        newest: string;
        origin: string;
        applied: string;
        purged: string | null;
        isOurs: boolean;
      }>(
        `select coalesce((select max(number) from freshet.blessing), 0) as newest, ${THIS_POSTGRES} as origin,
                (select last_value from freshet.applied_no_seq) as applied,
                (select highest_applied_no from freshet.purge) as purged,
                -- ● Two copies of one server may get the same timeline; but neither knows the blessings of the other.
                exists (select from freshet.blessing where number = $1 and origin = ${THIS_POSTGRES}) as "isOurs"`,
        [since?.blessing],
      );
      const row = rows[0];
      if (row === undefined) throw new Error('Postgres answered no row where there is always one.');
      const { newest, origin, applied, purged, isOurs } = row;
      const known =
        since !== null && isOurs && purged !== null && compareVersions(since.appliedNo, purged) >= 0;
      return {
        newestBlessing: Number(newest),
        origin,
        appliedNo: applied,
        missed: known ? await missedSince(client, since.appliedNo) : null,
      };
    });
  }

  async confirm(number: number): Promise<void> {
    await this.#pool.query(
      `update freshet.blessing
       set finished_at = coalesce(finished_at, clock_timestamp()), confirmed_at = clock_timestamp() where number = $1`,
      [number],
    );
  }

  async history(limit: number) {
    const { rows } = await this.#pool.query<BlessingRow>(
      `select ${COLUMNS} from freshet.blessing order by number desc limit $1`,
      [limit],
    );
    return rows.map((row) => ({
      ...toRecord(row),
      recordedAt: row.recorded_at.toISOString(),
      finishedAt: row.finished_at?.toISOString() ?? null,
    }));
  }
}

async function missedSince(client: pg.PoolClient, appliedNo: Version): Promise<MissedChanges | null> {
  const { rows } = await client.query<OutboxRow>(
    `select ${ROW_COLUMNS} from freshet.invalidation_outbox where ${PENDING}
     union all
     select ${ROW_COLUMNS} from freshet.invalidation_outbox where applied_no > $1::bigint
     limit ${MOST_MISSED + 1}`,
    [appliedNo],
  );
  if (rows.length > MOST_MISSED) return null;
  const registered = await client.query<{ name: string; numbers: number[] }>(
    `select service || ':' || entity as name, array_agg(number order by number) as numbers
     from freshet.schema_version group by service, entity`,
  );
  return { rows, schemaVersions: new Map(registered.rows.map(({ name, numbers }) => [name, numbers])) };
}

function toRecord(row: BlessingRow): RecordedBlessing {
  return {
    number: Number(row.number),
    history: row.history,
    origin: row.origin,
    limits: {
      leaseMs: row.lease_ms,
      maxStalenessMs: row.max_staleness_ms,
      strongTransactionMs: row.strong_transaction_ms,
    },
    recordedBy: row.recorded_by,
    ageMs: row.age_ms,
    confirmedMs: row.confirmed_ms,
    finished: row.finished_at !== null,
  };
}
