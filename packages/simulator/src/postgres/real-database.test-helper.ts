import { cacheTable, installOutbox, type Pool, postgresDomain, type QueryResult } from '@freshet/cache-core';
import {
  type LockedBatch,
  PostgresBlessingStore,
  PostgresOutboxStore,
} from '@freshet/invalidation-relay/domain';
import { createDatabase } from '@freshet/test-kit';
import pg from 'pg';
import {
  type Answer,
  byId,
  type CommittedState,
  ENTITY,
  LOCK_TIMEOUT_MS,
  type Operation,
  type Outcome,
  plainRow,
  STRONG,
  type Step,
} from './operation.test-helper.ts';

const QUIET_WITHIN_MS = 20_000;

/** Postgres' own deadlock check runs when, and where, the step says so. */
const SETTINGS = `set deadlock_timeout = '1h'; set lock_timeout = 0; set client_min_messages = error`;

/** The real database, and the sessions of one sequence after another. */
export class RealDatabase {
  readonly origin: string;
  readonly #url: string;
  readonly #observer: pg.Client;
  readonly #sessions = new Map<number, RealSession>();
  readonly #flying = new Map<number, Promise<void>>();

  private constructor(url: string, observer: pg.Client, origin: string) {
    this.#url = url;
    this.#observer = observer;
    this.origin = origin;
  }

  static async open(): Promise<RealDatabase> {
    const { url } = await createDatabase();
    const observer = new pg.Client({ connectionString: url });
    await observer.connect();
    const execute = (sql: string) => observer.query(sql);
    await installOutbox(execute, { domain: 'sim' });
    for (const table of ['item', 'stock']) {
      await execute(`create table ${table} (id text primary key, value int not null)`);
      await cacheTable(execute, { table, service: 'sim', entity: table, idColumns: ['id'] });
    }
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const { origin } = await new PostgresBlessingStore(pool).read('');
    await pool.end();
    return new RealDatabase(url, observer, origin);
  }

  async close(): Promise<void> {
    for (const index of this.#sessions.keys()) await this.#terminate(index);
    await this.#observer.end();
  }

  /** As it was after `open`, with sequences that begin where those of the memory do. */
  async reset(): Promise<void> {
    for (const index of this.#flying.keys()) await this.#terminate(index);
    await Promise.all([...this.#sessions.values()].map((session) => session.rollback()));
    await this.#observer.query(`
      delete from item; delete from stock; delete from freshet.blessing; delete from freshet.schema_version;
      delete from freshet.invalidation_outbox;
      update freshet.purge set highest_applied_no = 1000;
      select setval('freshet.version_seq', 1000), setval('freshet.applied_no_seq', 1000),
             setval(pg_get_serial_sequence('freshet.invalidation_outbox', 'id'), 1, false)`);
  }

  /** `expected` says only what to wait for: a lock timeout is over in a moment, a lock is waited for for ever. */
  async run({ session: index, operation }: Step, expected: Outcome): Promise<Outcome> {
    const answers = new Map<number, Answer>();
    this.#answers = answers;
    if (operation.do === 'close') {
      await this.#terminate(index);
      answers.set(index, { answer: null });
    } else {
      const session = await this.#session(index);
      const forecast = expected.answers.get(index);
      const ends = forecast !== undefined && 'error' in forecast ? forecast.error : null;
      this.#fly(index, session.run(operation, ends));
    }
    await this.#quiet(expected);
    for (const [closed, session] of this.#sessions) if (session.isOver) this.#sessions.delete(closed);
    return { answers, waiting: [...this.#flying.keys()].toSorted((one, other) => one - other) };
  }

  /** Everything that is committed. */
  async state(): Promise<CommittedState> {
    const rows = async <Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> =>
      (await this.#observer.query<Row>(sql)).rows;
    return {
      item: await rows('select id, value, version from item order by id'),
      stock: await rows('select id, value, version from stock order by id'),
      outbox: await rows(
        `select id, service, entity, id_parts as "idParts", version, attempts, applied_no as "appliedNo",
                case when dead_at is not null then 'dead' when applied_at is not null then 'applied' else 'pending' end as state
           from freshet.invalidation_outbox order by invalidation_outbox.id`,
      ),
      blessings: await rows(
        `select number::int, history, finished_at is not null as finished from freshet.blessing order by number`,
      ),
      schemaVersions: await rows(
        'select service, entity, number from freshet.schema_version order by service, entity, number',
      ),
    };
  }

  #answers = new Map<number, Answer>();

  #fly(index: number, running: Promise<Answer>): void {
    const landed = running.then((answer) => {
      this.#flying.delete(index);
      this.#answers.set(index, answer);
    });
    this.#flying.set(index, landed);
  }

  /** Until each statement was answered or waits for a lock. What pg_locks shows is one instant, so nothing moves then. */
  async #quiet(expected: Outcome): Promise<void> {
    const deadline = performance.now() + QUIET_WITHIN_MS;
    while (this.#flying.size > 0) {
      const due = [...this.#flying].filter(([index]) => !expected.waiting.includes(index));
      if (due.length > 0) await Promise.race([Promise.all(due.map(([, landed]) => landed)), soon()]);
      const before = [...this.#flying.keys()];
      const pids = before.map((index) => this.#sessions.get(index)?.pid);
      const { rows } = await this.#observer.query<{ pid: number; blockers: number[] }>(
        'select distinct pid, pg_blocking_pids(pid) as blockers from pg_locks where not granted and pid = any($1)',
        [pids],
      );
      const stuck = new Map(rows.map(({ pid, blockers }) => [pid, blockers]));
      const moves = before.some((index) => {
        const session = this.#sessions.get(index);
        if (session === undefined || !stuck.has(session.pid) || !this.#flying.has(index)) return true;
        const forecast = expected.answers.get(index);
        return session.hasLockTimeout || (forecast !== undefined && 'error' in forecast);
      });
      if (!moves) {
        if ([...stuck.keys()].some((pid) => waitsForItself(pid, stuck)))
          throw new Error('a deadlock was not foreseen');
        return;
      }
      if (performance.now() > deadline) {
        throw new Error(`sessions ${[...this.#flying.keys()].join(', ')} neither answer nor wait for a lock`);
      }
    }
  }

  /** The server ends the session, as when it finds that the client is gone. */
  async #terminate(index: number): Promise<void> {
    const session = this.#sessions.get(index);
    if (session === undefined) return;
    const flying = this.#flying.get(index);
    this.#flying.delete(index);
    this.#sessions.delete(index);
    session.abandon();
    await this.#observer.query('select pg_terminate_backend($1, 10000)', [session.pid]);
    await flying;
    this.#answers.delete(index);
    this.#flying.delete(index);
  }

  async #session(index: number): Promise<RealSession> {
    let session = this.#sessions.get(index);
    if (session === undefined) {
      session = await RealSession.connect(this.#url);
      this.#sessions.set(index, session);
    }
    return session;
  }
}

class RealSession {
  readonly pid: number;
  hasLockTimeout = false;
  readonly #client: pg.Client;
  readonly #outbox: PostgresOutboxStore;
  readonly #blessings: PostgresBlessingStore;
  readonly #domain: ReturnType<typeof postgresDomain>;
  #inTransaction = false;
  #fatal: string | null = null;
  #over = false;

  private constructor(client: pg.Client, pid: number) {
    this.#client = client;
    this.pid = pid;
    client.on('error', (error: Error & { code?: string }) => {
      this.#fatal ??= error.code ?? null;
      this.#over = true;
    });
    client.on('end', () => {
      this.#over = true;
    });
    const pool = this.#pool();
    // A `pg.Pool` in all that the stores ask of it.
    this.#outbox = new PostgresOutboxStore(pool as pg.Pool);
    this.#blessings = new PostgresBlessingStore(pool as pg.Pool);
    this.#domain = postgresDomain({ name: 'sim', pool });
  }

  static async connect(url: string): Promise<RealSession> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(SETTINGS);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return new RealSession(client, rows[0]?.pid ?? 0);
  }

  get isOver(): boolean {
    return this.#over;
  }

  abandon(): void {
    this.#over = true;
  }

  async rollback(): Promise<void> {
    this.#inTransaction = false;
    this.hasLockTimeout = false;
    await this.#client.query('rollback');
  }

  /** `ends` is the error that the statement will end with: it decides which of Postgres' clocks runs out. */
  async run(operation: Operation, ends: string | null): Promise<Answer> {
    try {
      if (ends === '40P01') {
        this.#client.query(`set lock_timeout = 0; set deadlock_timeout = '1ms'`).catch(() => {});
      }
      if (ends === '25P04' && operation.do !== 'expire') {
        this.#client.query(`set local transaction_timeout = '100ms'`).catch(() => {});
      }
      return { answer: (await this.#do(operation)) ?? null };
    } catch (error) {
      const code = this.#fatal ?? codeOf(error);
      if (code === '25P04') this.#over = true;
      return { error: code };
    }
  }

  async #do(operation: Operation): Promise<unknown> {
    switch (operation.do) {
      case 'begin':
        await this.#begin(operation.lockTimeout ? `set local lock_timeout = ${LOCK_TIMEOUT_MS}` : '');
        this.hasLockTimeout = operation.lockTimeout;
        return null;
      case 'begin exclusively':
        // As where a schema version is registered, but for the statements after it.
        await this.#begin(`select pg_advisory_xact_lock(hashtextextended('freshet.schema_version', 0))`);
        return null;
      case 'begin strong': {
        this.hasLockTimeout = true;
        try {
          const { check } = await this.#domain.beginStrong(STRONG);
          this.#inTransaction = true;
          return check;
        } catch (error) {
          // The library has thrown the connection away.
          await this.#client.end();
          throw error;
        }
      }
      case 'commit':
      case 'rollback':
        this.#inTransaction = false;
        this.hasLockTimeout = false;
        return (await this.#client.query(operation.do)).command;
      case 'expire': {
        const over = new Promise<void>((resolve) => this.#client.once('end', () => resolve()));
        await this.#client.query(`set local transaction_timeout = 0; set local transaction_timeout = '1ms'`);
        await over;
        return null;
      }
      case 'close':
        throw new Error('The server ends it.');
      case 'read':
        return this.#row(`select value, version from ${operation.table} where id = $1`, [operation.id]);
      case 'put':
        return this.#row(
          `insert into ${operation.table} (id, value) values ($1, $2)
           on conflict (id) do update set value = excluded.value returning value, version`,
          [operation.id, operation.value],
        );
      case 'take':
        return this.#row(
          `update ${operation.table} set value = value - $2 where id = $1 and value >= $2 returning value, version`,
          [operation.id, operation.amount],
        );
      case 'remove':
        return (
          (await this.#client.query(`delete from ${operation.table} where id = $1`, [operation.id]))
            .rowCount === 1
        );
      case 'invalidate':
        await this.#client.query('select freshet.invalidate($1, $2, $3)', [
          'sim',
          operation.table,
          operation.idParts,
        ]);
        return null;
      case 'next version': {
        const { rows } = await this.#client.query<{ version: string }>(
          `select nextval('freshet.version_seq') as version`,
        );
        return rows[0]?.version;
      }
      case 'register':
        await this.#domain.registerSchemaVersions([{ ...ENTITY, number: operation.number, ttlMs: 1_000 }]);
        return null;
      case 'strong check': {
        const { rows } = await this.#client.query<{ newest: string; numbers: number[] }>(
          `select coalesce((select max(number) from freshet.blessing), 0) as newest,
                  array(select number from freshet.schema_version where service = $1 and entity = $2 order by number) as numbers`,
          [ENTITY.service, ENTITY.entity],
        );
        return { newestBlessing: Number(rows[0]?.newest), schemaVersions: rows[0]?.numbers };
      }
      case 'limits':
        return this.#domain.limits();
      case 'schema versions':
        return sorted(await this.#domain.schemaVersions());
      case 'lock due':
        return this.#lock({ due: { limit: operation.limit } });
      case 'lock':
        return this.#lock({ ids: operation.ids });
      case 'mark applied':
        return (await (await this.#batch()).markApplied(operation.ids, operation.blessing)).length;
      case 'postpone':
        return (await this.#batch()).postpone(operation.ids, operation.delayMs, 'postponed');
      case 'bury':
        return (await this.#batch()).bury(operation.id, 'buried');
      case 'newest blessing':
        return (await this.#batch()).newestBlessing();
      case 'snapshot':
        return this.#outbox.snapshot();
      case 'progress':
        return this.#outbox.progress(operation.id);
      case 'blessing snapshot': {
        const { missed, ...rest } = await this.#blessings.snapshot(operation.since);
        if (missed === null) return { ...rest, missed };
        const { rows, schemaVersions } = missed;
        return {
          ...rest,
          missed: rows.map(plainRow).toSorted(byId),
          numbers: schemaVersions.get('sim:item') ?? [],
        };
      }
      case 'purge':
        // All that are applied: the clocks of the two are not one.
        return this.#outbox.purge(-1);
      case 'read blessing': {
        const { newest, ...rest } = await this.#blessings.read(operation.history);
        if (newest === null) return { ...rest, newest };
        return {
          ...rest,
          newest: { ...newest, ageMs: newest.ageMs >= 0, confirmedMs: newest.confirmedMs >= 0 },
        };
      }
      case 'record blessing':
        return this.#blessings.record(operation.blessing);
      case 'confirm blessing':
        return this.#blessings.confirm(operation.number);
    }
  }

  async #begin(then: string): Promise<void> {
    await this.#client.query('begin');
    this.#inTransaction = true;
    if (then !== '') await this.#client.query(then);
  }

  async #row(sql: string, values: unknown[]): Promise<unknown> {
    return (await this.#client.query<Record<string, unknown>>(sql, values)).rows[0] ?? null;
  }

  async #lock(selection: { due: { limit: number } } | { ids: string[] }): Promise<unknown> {
    return (await this.#outbox.withLockedRows(selection, (batch) => Promise.resolve(batch.rows))).map(
      plainRow,
    );
  }

  /** One whose statements run in this session, whatever rows are locked. */
  #batch(): Promise<LockedBatch> {
    return this.#outbox.withLockedRows({ ids: [] }, (batch) => Promise.resolve(batch));
  }

  /** This one connection. While the sequence has a transaction open, the stores' own ends and begins are left out. */
  #pool(): Pool {
    const query = <Row>(text: string, values?: readonly unknown[]) =>
      this.#client.query(text, values as unknown[]) as unknown as Promise<QueryResult<Row>>;
    return {
      query,
      connect: () =>
        Promise.resolve({
          query: <Row>(text: string, values?: readonly unknown[]) =>
            this.#inTransaction && /^(?:begin|commit|rollback)$/.test(text)
              ? Promise.resolve({ rows: [], rowCount: 0, command: text })
              : query<Row>(text, values),
          release: () => {},
        }),
    };
  }
}

function sorted<T>(items: readonly T[]): T[] {
  return [...items].toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
}

function waitsForItself(pid: number, blockers: ReadonlyMap<number, readonly number[]>): boolean {
  const seen = new Set<number>();
  const next = [pid];
  for (let one = next.pop(); one !== undefined; one = next.pop()) {
    for (const blocker of blockers.get(one) ?? []) {
      if (blocker === pid) return true;
      if (!seen.has(blocker)) next.push(blocker);
      seen.add(blocker);
    }
  }
  return false;
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return String(error);
}

function soon(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 3);
  });
}
