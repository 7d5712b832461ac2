import { MemoryPostgres } from './memory-postgres.ts';
import {
  type Answer,
  byId,
  type CommittedState,
  ENTITY,
  LOCK_TIMEOUT_MS,
  type Outcome,
  plainRow,
  STRONG,
  type Step,
} from './operation.test-helper.ts';
import type { PostgresSession } from './postgres-server.ts';

const DEADLOCK_TIMEOUT_MS = 1_000;

interface Timer {
  ms: number;
  session: number;
  run: () => void;
}

/** The database in memory, and the sessions of one sequence. Its timers run out when a step says so. */
export class RememberedDatabase {
  readonly #server: MemoryPostgres;
  readonly #sessions = new Map<number, PostgresSession>();
  readonly #flying = new Set<number>();
  readonly #timers = new Set<Timer>();
  #answers = new Map<number, Answer>();
  #ranks: readonly number[] = [];
  #acting = 0;
  /** Those that came into question for one row in the last step: Postgres does not say who of them comes first. */
  contenders = new Set<number>();

  constructor(origin: string) {
    const indexOf = (session: object): number => {
      for (const [index, known] of this.#sessions) if (known === session) return index;
      return -1;
    };
    this.#server = new MemoryPostgres({
      origin,
      nowMs: () => 0,
      after: (ms, run) => {
        const timer = { ms, run, session: this.#acting };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
      deadlockTimeoutMs: DEADLOCK_TIMEOUT_MS,
      rowOrder: (waiters) => {
        const ranked = waiters.map((waiter) => ({ waiter, session: indexOf(waiter.owner) }));
        for (const { session } of ranked) this.contenders.add(session);
        const rank = (session: number): number =>
          this.#ranks.indexOf(session) + 1 || Number.POSITIVE_INFINITY;
        return ranked
          .toSorted((one, other) =>
            rank(one.session) === rank(other.session) ? 0 : rank(one.session) - rank(other.session),
          )
          .map(({ waiter }) => waiter);
      },
    });
  }

  /** Who has the row's lock. */
  holderOf(table: string, id: string): number | null {
    const [holder]: object[] = this.#server.database.rowLocks.holdersOf(`${table}:${id}`);
    for (const [index, session] of this.#sessions) if (session === holder) return index;
    return null;
  }

  /** `ranks`: of those who wait for the same row, these come first, in this order. */
  async run(step: Step, ranks: readonly number[]): Promise<Outcome> {
    const answers = new Map<number, Answer>();
    this.#answers = answers;
    this.#ranks = ranks;
    this.contenders = new Set();
    const { session: index, operation } = step;
    this.#acting = index;
    if (operation.do === 'close') {
      this.#flying.delete(index);
      this.#sessions.get(index)?.close();
      answers.set(index, { answer: null });
    } else {
      this.#flying.add(index);
      void this.#answer(step).then((answer) => {
        if (!this.#flying.delete(index)) return;
        this.#answers.set(index, answer);
      });
    }
    await settled();
    await this.#expire((timer) => timer.ms === DEADLOCK_TIMEOUT_MS);
    await this.#expire((timer) => timer.ms === LOCK_TIMEOUT_MS);
    if ('thenExpire' in operation && operation.thenExpire && this.#flying.has(index)) {
      await this.#expire((timer) => timer.ms === STRONG.transactionMs && timer.session === index);
    }
    for (const [closed, session] of this.#sessions) if (session.closed) this.#sessions.delete(closed);
    return { answers, waiting: [...this.#flying].toSorted((one, other) => one - other) };
  }

  state(): CommittedState {
    const rows = (table: 'item' | 'stock') =>
      [...this.#server.database.tables[table]]
        .map(([id, { value, version }]) => ({ id, value, version }))
        .toSorted((one, other) => (one.id < other.id ? -1 : 1));
    const { pending, settled: gone } = this.#server.database.outbox;
    return {
      item: rows('item'),
      stock: rows('stock'),
      outbox: [...pending, ...gone]
        .toSorted((one, other) => one.order - other.order)
        .map(({ id, service, entity, idParts, version, progress: { attempts, appliedNo, state } }) => ({
          id,
          service,
          entity,
          idParts,
          version,
          attempts,
          appliedNo,
          state,
        })),
      blessings: this.#server.database.blessings.map(({ number, history, finished }) => ({
        number,
        history,
        finished,
      })),
      schemaVersions: sorted(this.#server.database.schemaVersions),
    };
  }

  async #expire(which: (timer: Timer) => boolean): Promise<void> {
    for (const timer of [...this.#timers].filter(which)) {
      if (this.#timers.delete(timer)) timer.run();
      await settled();
    }
  }

  async #answer(step: Step): Promise<Answer> {
    try {
      return { answer: (await this.#do(step)) ?? null };
    } catch (error) {
      return { error: error instanceof Error && 'code' in error ? String(error.code) : String(error) };
    }
  }

  async #do({ session: index, operation }: Step): Promise<unknown> {
    let session = this.#sessions.get(index);
    if (session === undefined) {
      session = this.#server.connect();
      this.#sessions.set(index, session);
    }
    switch (operation.do) {
      case 'begin':
        return session.begin({
          transactionMs: STRONG.transactionMs,
          ...(operation.lockTimeout && { lockMs: LOCK_TIMEOUT_MS }),
        });
      case 'begin exclusively':
        session.begin({ transactionMs: STRONG.transactionMs });
        return session.lockSchemaVersions('exclusive');
      case 'begin strong':
        session.begin(STRONG);
        try {
          await session.lockSchemaVersions('shared');
          return session.strongCheck(ENTITY.service, ENTITY.entity);
        } catch (error) {
          // The library throws the connection away.
          session.close();
          throw error;
        }
      case 'commit':
        return session.commit();
      case 'rollback':
        session.rollback();
        return 'ROLLBACK';
      case 'expire':
        await this.#expire((timer) => timer.ms === STRONG.transactionMs && timer.session === index);
        if (!session.closed) throw new Error('The transaction timeout did not end the session.');
        return null;
      case 'close':
        return session.close();
      case 'read':
        return session.read(operation.table, operation.id);
      case 'put':
        return session.put(operation.table, operation.id, operation.value);
      case 'take':
        return session.take(operation.table, operation.id, operation.amount);
      case 'remove':
        return session.remove(operation.table, operation.id);
      case 'invalidate':
        return session.invalidate('sim', operation.table, operation.idParts);
      case 'next version':
        return session.nextVersion();
      case 'register': {
        const version = { ...ENTITY, number: operation.number };
        if (session.touchSchemaVersion(version)) return null;
        session.begin();
        await session.lockSchemaVersions('exclusive');
        session.addSchemaVersion(version);
        session.commit();
        return null;
      }
      case 'strong check': {
        const { newestBlessing, schemaVersions } = session.strongCheck(ENTITY.service, ENTITY.entity);
        return { newestBlessing, schemaVersions };
      }
      case 'limits':
        return session.limits();
      case 'schema versions':
        return sorted(session.schemaVersions());
      case 'lock due':
        return session.lockOutbox({ due: { limit: operation.limit } }).map(plainRow);
      case 'lock':
        return session.lockOutbox({ ids: operation.ids }).map(plainRow);
      case 'mark applied':
        return session.markApplied(operation.ids, operation.blessing);
      case 'postpone':
        return session.postpone(operation.ids, operation.delayMs);
      case 'bury':
        return session.bury(operation.id);
      case 'newest blessing':
        return session.newestBlessing();
      case 'snapshot':
        return session.outboxSnapshot();
      case 'progress':
        return session.progress(operation.id);
      case 'blessing snapshot': {
        const { missed, ...rest } = session.blessingSnapshot(operation.since);
        if (missed === null) return { ...rest, missed };
        const numbers = missed.schemaVersions
          .filter(({ entity }) => entity === 'item')
          .map(({ number }) => number);
        return {
          ...rest,
          missed: missed.rows.map(plainRow).toSorted(byId),
          numbers: numbers.toSorted((one, other) => one - other),
        };
      }
      case 'purge':
        return session.purge(-1);
      case 'read blessing': {
        const { newest, ...rest } = session.readBlessing(operation.history);
        if (newest === null) return { ...rest, newest };
        const { recordedAtMs: _, confirmedAtMs: __, ...blessing } = newest;
        return {
          ...rest,
          newest: { ...blessing, ageMs: newest.ageMs >= 0, confirmedMs: newest.confirmedMs >= 0 },
        };
      }
      case 'record blessing':
        return session.recordBlessing(operation.blessing);
      case 'confirm blessing':
        return session.confirmBlessing(operation.number);
    }
  }
}

function sorted<T>(items: readonly T[]): T[] {
  return [...items].toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
}

/** After every promise reaction that is possible now. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
