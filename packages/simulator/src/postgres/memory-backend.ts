import type { LockMode, LockTable } from './locks.ts';
import type { MemoryDatabase } from './memory-database.ts';
import { isSame, newTransaction, type Transaction as OpenTransaction } from './memory-transaction.ts';
import { PostgresError, type Table } from './postgres-server.ts';

export type Transaction = OpenTransaction<MemoryBackend>;

/** A lock that a statement needs. */
export interface Need {
  table: LockTable<MemoryBackend>;
  name: string;
  mode: LockMode;
  /** Whether there is nothing left to wait for. */
  isGone?: () => boolean;
}

/**
 * What serves one connection: its transaction, its waits and their ends. A statement runs whole at the instant of its call or, if it
 * must wait, of its grant: inside the call of whoever let the lock go.
 */
export class MemoryBackend {
  protected readonly database: MemoryDatabase<MemoryBackend>;
  protected transaction: Transaction | null = null;
  readonly #onClose: () => void;
  /** A statement of the transaction has failed: it is rolled back, but not yet ended. */
  #failed = false;
  #closed = false;
  #cancelWait: (() => void) | null = null;
  #rejectWait: (error: PostgresError) => void = () => {};

  constructor(database: MemoryDatabase<MemoryBackend>, onClose: () => void) {
    this.database = database;
    this.#onClose = onClose;
  }

  get closed(): boolean {
    return this.#closed;
  }

  begin({ transactionMs, lockMs }: { transactionMs?: number; lockMs?: number } = {}): void {
    this.assertUsable();
    if (this.transaction !== null) return;
    const transaction: Transaction = newTransaction(lockMs);
    this.transaction = transaction;
    if (transactionMs === undefined) return;
    transaction.cancelTimeout = this.database.options.after(transactionMs, () => {
      const reject = this.#cancelWait === null ? () => {} : this.#rejectWait;
      this.close();
      reject(new PostgresError('25P04', 'terminating connection due to transaction timeout'));
    });
  }

  commit(): 'COMMIT' | 'ROLLBACK' {
    this.#assertOpen();
    if (this.#failed) {
      this.rollback();
      return 'ROLLBACK';
    }
    const transaction = this.transaction;
    if (transaction === null) return 'COMMIT';
    const { tables, outbox, blessings, schemaVersions } = this.database;
    for (const [key, row] of transaction.rows) {
      const [table, id] = split(key);
      if (row === null) tables[table].delete(id);
      else tables[table].set(id, row);
    }
    for (const record of transaction.outbox) {
      record.progress = record.draft ?? record.progress;
      record.draft = null;
      outbox.add(record);
    }
    for (const record of transaction.lockedOutbox) outbox.commitDraft(record);
    blessings.push(...transaction.blessings);
    for (const blessing of blessings) {
      if (!transaction.confirmed.has(blessing.number)) continue;
      blessing.finished = true;
      blessing.confirmedAtMs = this.database.options.nowMs();
    }
    for (const version of transaction.schemaVersions) {
      if (!schemaVersions.some((known) => isSame(known, version))) schemaVersions.push(version);
    }
    // Before the locks are freed: whoever waits for one commits later.
    if (transaction.changes.length > 0 || transaction.outbox.length > 0) {
      const outboxIds = transaction.outbox.map(({ id }) => id);
      this.database.options.onCommit?.({ changes: transaction.changes, outboxIds });
    }
    this.#end(transaction);
    return 'COMMIT';
  }

  rollback(): void {
    this.#failed = false;
    if (this.transaction !== null) this.#end(this.transaction);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stopWaiting();
    this.rollback();
    this.#onClose();
  }

  /** The statement that waits is never run, and gets no answer. */
  stopWaiting(): void {
    this.#cancelWait?.();
    this.database.rowLocks.forget(this);
    this.database.advisoryLocks.forget(this);
  }

  /**
   * A statement that needs a lock, in the open transaction or in one of its own. `look` is what it does before: null says that there is
   * nothing to do. `run` is what it does under the lock. `nothing` is its answer where the row that it found is gone.
   */
  protected locking<A>(
    look: () => Need | null,
    run: (transaction: Transaction) => A,
    nothing?: A,
  ): Promise<A> {
    const alone = this.transaction === null;
    try {
      this.assertUsable();
      this.begin();
      const transaction = this.transaction as Transaction;
      const finish = (answer: A): A => {
        if (alone) this.commit();
        return answer;
      };
      const need = look();
      if (need === null) return Promise.resolve(finish(nothing as A));
      return new Promise<A>((resolve, reject) => {
        const waitOver = (answer: () => A) => (): void => {
          this.#cancelWait?.();
          resolve(finish(answer()));
        };
        const isHeld = need.table.acquire(need.name, {
          owner: this,
          mode: need.mode,
          granted: waitOver(() => run(transaction)),
          isPointless: () => need.isGone?.() ?? false,
          dismissed: waitOver(() => nothing as A),
        });
        if (isHeld) resolve(finish(run(transaction)));
        else this.#wait(transaction, need.table, alone, reject);
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #wait(
    { lockMs }: Transaction,
    table: LockTable<MemoryBackend>,
    alone: boolean,
    reject: (error: PostgresError) => void,
  ): void {
    const { after, deadlockTimeoutMs = 1_000 } = this.database.options;
    const fail = (error: PostgresError): void => {
      this.#cancelWait?.();
      table.forget(this);
      // An error frees what the transaction holds, although it is not ended yet.
      if (this.transaction !== null) this.#end(this.transaction);
      this.#failed = !alone;
      reject(error);
    };
    const cancelDeadlock = after(deadlockTimeoutMs, () => {
      if (this.database.waitsForItself(this)) fail(new PostgresError('40P01', 'deadlock detected'));
    });
    const cancelLockTimeout =
      lockMs === undefined
        ? undefined
        : after(lockMs, () => fail(new PostgresError('55P03', 'canceling statement due to lock timeout')));
    this.#rejectWait = reject;
    this.#cancelWait = () => {
      this.#cancelWait = null;
      cancelDeadlock();
      cancelLockTimeout?.();
    };
  }

  /** A statement that changes something and waits for nobody. */
  protected write<A>(run: (transaction: Transaction) => A): A {
    const alone = this.transaction === null;
    this.assertUsable();
    this.begin();
    const answer = run(this.transaction as Transaction);
    if (alone) this.commit();
    return answer;
  }

  #end(transaction: Transaction): void {
    transaction.cancelTimeout();
    for (const record of transaction.lockedOutbox) {
      record.lockedBy = null;
      record.draft = null;
    }
    this.transaction = null;
    this.database.rowLocks.release(this);
    this.database.advisoryLocks.release(this);
  }

  #assertOpen(): void {
    if (this.#closed) throw new PostgresError('57P01', 'terminating connection');
  }

  protected assertUsable(): void {
    this.#assertOpen();
    if (!this.#failed) return;
    throw new PostgresError(
      '25P02',
      'current transaction is aborted, commands ignored until end of transaction block',
    );
  }
}

function split(key: string): [Table, string] {
  const colon = key.indexOf(':');
  return [key.slice(0, colon) as Table, key.slice(colon + 1)];
}
