import { currentTraceparent } from '@freshet/cache-core/protocol';
import type pg from 'pg';
import { inTransaction } from '../domain/in-transaction.ts';
import { PENDING } from '../domain/postgres-outbox-store.ts';
import type {
  Invalidation,
  InvalidationPath,
  InvalidationState,
  InvalidationTarget,
  Operator,
  OperatorLogItem,
  OperatorStore,
  Page,
  RowState,
} from './operator-store.ts';

const isoTime = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const COLUMNS = `id, service, entity, id_parts as "idParts", version, cause, attempts,
  ${isoTime('created_at')} as "createdAt", last_error as "lastError", ${isoTime('applied_at')} as "appliedAt",
  applied_no as "appliedNo", ${isoTime('dead_at')} as "deadAt", dead_reason as "deadReason"`;

// A schema that an older release has installed does not have them.
const newer = (column: string): string => `(to_jsonb(row) ->> '${column}')`;
const PATH_COLUMNS = `${newer('log_id')} as "logId",
  ${isoTime(`${newer('drained_at')}::timestamptz`)} as "drainedAt",
  ${isoTime(`${newer('dropped_at')}::timestamptz`)} as "droppedAt",
  ${isoTime(`${newer('appended_at')}::timestamptz`)} as "appendedAt"`;

const HIGHEST_ID = '9223372036854775807';

/** Rows that one look at what has changed reads of each kind. */
const RECENT = 200;

// Each part from its index. A pending row may be an old one, and so may one that was applied just now.
const RECENT_STATES = `
  select id, attempts, applied_at is not null as applied, dead_at is not null as dead from (
    (select * from freshet.invalidation_outbox order by id desc limit ${RECENT})
    union all (select * from freshet.invalidation_outbox where ${PENDING} order by id limit ${RECENT})
    union all (select * from freshet.invalidation_outbox where applied_no is not null order by applied_no desc limit ${RECENT})
    union all (select * from freshet.invalidation_outbox where dead_at is not null order by id desc limit ${RECENT})
  ) recent`;

const REPLAY = `update freshet.invalidation_outbox
  set dead_at = null, dead_reason = null, attempts = 0, next_attempt_at = clock_timestamp()`;

const IN_STATE: Record<InvalidationState, string> = {
  pending: `${PENDING} and attempts = 0`,
  retrying: `${PENDING} and attempts > 0`,
  applied: 'applied_at is not null',
  dead: 'dead_at is not null',
};

/** The real `OperatorStore`. */
export class PostgresOperatorStore implements OperatorStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  invalidations(page: Page, state?: InvalidationState): Promise<Invalidation[]> {
    return this.#rows(state === undefined ? 'true' : IN_STATE[state], page);
  }

  async invalidation(id: string): Promise<InvalidationPath | null> {
    const { rows } = await this.#pool.query<InvalidationPath>(
      `select ${COLUMNS}, traceparent, ${PATH_COLUMNS} from freshet.invalidation_outbox row where id = $1`,
      [id],
    );
    return rows[0] ?? null;
  }

  async recentStates(): Promise<RowState[]> {
    const { rows } = await this.#pool.query<RowState>(RECENT_STATES);
    return rows;
  }

  async byIds(ids: readonly string[]): Promise<Invalidation[]> {
    const { rows } = await this.#pool.query<Invalidation>(
      `select ${COLUMNS} from freshet.invalidation_outbox where id = any($1::bigint[]) order by id desc`,
      [ids],
    );
    return rows;
  }

  deadLetters(page: Page): Promise<Invalidation[]> {
    return this.#rows(IN_STATE.dead, page);
  }

  async knows(service: string, entity: string): Promise<boolean> {
    const { rows } = await this.#pool.query<{ known: boolean }>(
      `select exists (select from freshet.cached_table where (service, entity) = ($1, $2))
           or exists (select from freshet.schema_version where (service, entity) = ($1, $2)) as known`,
      [service, entity],
    );
    return rows[0]?.known ?? false;
  }

  invalidate(targets: readonly InvalidationTarget[], by: Operator): Promise<string[]> {
    return inTransaction(this.#pool, async (client) => {
      const traceparent = currentTraceparent();
      if (traceparent !== undefined) {
        await client.query(`select set_config('freshet.traceparent', $1, true)`, [traceparent]);
      }
      const ids: string[] = [];
      for (const { service, entity, idParts } of targets) {
        const { rows } = await client.query<{ id: string }>('select freshet.invalidate($1, $2, $3) as id', [
          service,
          entity,
          idParts,
        ]);
        if (rows[0]) ids.push(rows[0].id);
      }
      await log(client, 'invalidate', { targets, ids }, by);
      return ids;
    });
  }

  async services(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ service: string }>(
      `select service from freshet.cached_table union select service from freshet.schema_version order by service`,
    );
    return rows.map(({ service }) => service);
  }

  replayAll(by: Operator): Promise<number> {
    return inTransaction(this.#pool, async (client) => {
      const { rowCount } = await client.query(`${REPLAY} where dead_at is not null`);
      const replayed = rowCount ?? 0;
      if (replayed > 0) await log(client, 'replay-dead-letters', { replayed }, by);
      return replayed;
    });
  }

  replay(id: string, by: Operator): Promise<boolean> {
    return inTransaction(this.#pool, async (client) => {
      const { rowCount } = await client.query(`${REPLAY} where id = $1 and dead_at is not null`, [id]);
      if (!rowCount) return false;
      await log(client, 'replay-dead-letter', { id }, by);
      return true;
    });
  }

  async operatorLog(limit: number): Promise<OperatorLogItem[]> {
    const { rows } = await this.#pool.query<OperatorLogItem>(
      `select ${isoTime('at')} as at, who, action, subject, reason
       from freshet.operator_log order by id desc limit $1`,
      [limit],
    );
    return rows;
  }

  async pending({ service, entity, idParts }: InvalidationTarget) {
    const { rows } = await this.#pool.query<{ pending: number }>(
      `select count(*)::int as pending from freshet.invalidation_outbox
       where ${PENDING} and (service, entity) = ($1, $2) and (id_parts is null or id_parts = $3)`,
      [service, entity, idParts],
    );
    return rows[0]?.pending ?? 0;
  }

  async #rows(condition: string, { limit, beforeId }: Page): Promise<Invalidation[]> {
    const { rows } = await this.#pool.query<Invalidation>(
      `select ${COLUMNS} from freshet.invalidation_outbox
       where ${condition} and id <= $1::bigint - 1 order by id desc limit $2`,
      [beforeId ?? HIGHEST_ID, limit],
    );
    return rows;
  }
}

async function log(client: pg.PoolClient, action: string, subject: object, by: Operator): Promise<void> {
  await client.query(
    'insert into freshet.operator_log (who, action, subject, reason) values ($1, $2, $3, $4)',
    [by.who, action, JSON.stringify(subject), by.reason],
  );
}
