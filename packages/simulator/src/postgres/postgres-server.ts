import type { DomainLimits, SchemaVersion, StrongCheck, Version } from '@freshet/cache-core/protocol';

/** A row of a cached table: `item` (cache-aside) and `stock` (strong) both have this shape. */
export interface Row {
  value: number;
  version: Version;
}

export interface StoredOutboxRow {
  id: string;
  service: string;
  entity: string;
  idParts: readonly string[] | null;
  version: Version;
  attempts: number;
}

export interface StoredBlessing {
  number: number;
  history: string;
  origin: string;
  limits: DomainLimits;
  recordedBy: string;
  recordedAtMs: number;
  confirmedAtMs: number;
  finished: boolean;
}

/** What a database refuses with. `code` as Postgres's SQLSTATE: 55P03 lock timeout, 25P04 transaction timeout, 40P01 deadlock. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * One Postgres server with one domain's database, where `installOutbox` and `cacheTable` have run for the tables `item` and `stock` of
 * the service `sim`. Each method of a session is one statement, run at the instant of the call except where it waits for a lock.
 */
export interface PostgresServer {
  connect(): PostgresSession;
  /** Committed rows, outbox and blessings, for checkers. */
  inspect(): {
    row(table: Table, id: string): Row | null;
    pendingOutbox(): StoredOutboxRow[];
    newestBlessing(): StoredBlessing | null;
  };
}

/** What can happen to a Postgres server. */
export interface PostgresFaults {
  /** What is committed now, for `comeBack`. */
  snapshot(): PostgresSnapshot;
  /** Every session ends as if its client had died, and nobody can connect. */
  die(): void;
  /**
   * Takes sessions again: after a crash with all that was committed, after a failover or a restore with `data`, and then as
   * another `origin`. Its sequences are `skipped` numbers ahead.
   */
  comeBack(options: { data?: PostgresSnapshot; origin?: string; skipped: number }): void;
}

/** Opaque; independent of the server it was taken from. */
export interface PostgresSnapshot {
  readonly taken: 'postgres';
}

export type Table = 'item' | 'stock';

/** One commit: rows in the order of their versions, and the outbox rows that it wrote. */
export interface Committed {
  changes: CommittedChange[];
  outboxIds: string[];
}

export interface CommittedChange {
  table: Table;
  id: string;
  /** null: deleted. */
  value: number | null;
  /** Of the row, or of the deletion's outbox row. */
  version: Version;
}

/**
 * A connection. Outside of `begin` each statement is a transaction of its own. READ COMMITTED: each statement sees what was
 * committed when it began, and its own transaction's changes. A failed statement rolls the transaction back and
 * frees its locks at once; everything but `rollback` and `commit` (which then answers 'ROLLBACK') fails with 25P02.
 */
export interface PostgresSession {
  /** `transactionMs`: the server ends this session (25P04, and it is closed) after so long. `lockMs`: lock_timeout. */
  begin(options?: { transactionMs?: number; lockMs?: number }): void;
  /** The command tag: 'ROLLBACK' for a failed transaction. */
  commit(): 'COMMIT' | 'ROLLBACK';
  rollback(): void;
  /**
   * The server ends the session, now: rolls back, frees locks. A statement that waits is never run. (A client that merely goes away is
   * not noticed before the wait is over: a statement of its own, without `begin`, is then still run and committed.)
   */
  close(): void;
  readonly closed: boolean;

  read(table: Table, id: string): Row | null;
  /**
   * Upserts. Draws a version at once, for an insert, and keeps it through a wait; an update draws another under the row's lock. Waits in
   * the order of arrival unless `rowOrder` says otherwise: Postgres promises none.
   */
  put(table: Table, id: string, value: number): Promise<Row>;
  /** Takes `amount` if there is so much: answers the new row, or null. Waits like `put`, if there seems to be so much;
   * judges again once it has the lock. Null where the row was deleted meanwhile, even if there is a new one of the same id. */
  take(table: Table, id: string, amount: number): Promise<Row | null>;
  /** Whether there was a row. Waits like `put`. */
  remove(table: Table, id: string): Promise<boolean>;
  /** Changes a row that is there as a rewrite of its table does: no trigger sees it, and its version stays. Waits like `put`. */
  rewrite(table: Table, id: string, value: number): Promise<boolean>;
  /** freshet.invalidate: writes the outbox row that removes every entry of a key; of an entity where there is no id. */
  invalidate(service: string, entity: string, idParts?: readonly string[] | null): void;
  nextVersion(): Version;

  limits(): DomainLimits | null;
  schemaVersions(): SchemaVersion[];
  /** false when it is not registered. */
  touchSchemaVersion(version: SchemaVersion): boolean;
  addSchemaVersion(version: SchemaVersion): void;
  /** Advisory, to the end of the transaction. Exclusive ones wait for shared ones and the other way round, in order of arrival. */
  lockSchemaVersions(mode: 'shared' | 'exclusive'): Promise<void>;
  strongCheck(service: string, entity: string): StrongCheck;

  /** FOR UPDATE SKIP LOCKED, oldest first. */
  lockOutbox(selection: { due: { limit: number } } | { ids: readonly string[] }): StoredOutboxRow[];
  newestBlessing(): number;
  /** Marks pending rows with the next applied_no each, only while `blessing` is the newest; answers how many. */
  markApplied(ids: readonly string[], blessing: number): number;
  postpone(ids: readonly string[], delayMs: number): void;
  bury(id: string): void;
  /** One snapshot: highest pending id, newest blessing, last applied_no drawn. */
  outboxSnapshot(): {
    origin: string;
    highestPendingId: string | null;
    newestBlessing: number;
    appliedNo: string;
  };
  /** One snapshot. */
  progress(id: string | null): { pending: boolean; newestBlessing: number };
  /** One snapshot. `missed`: what is pending or has a higher applied_no than `since`; null when `since` is, when it was purged, or when
   * its blessing was not recorded here. */
  blessingSnapshot(since: { blessing: number; appliedNo: Version } | null): {
    newestBlessing: number;
    origin: string;
    appliedNo: string;
    missed: { rows: StoredOutboxRow[]; schemaVersions: SchemaVersion[] } | null;
  };
  /** Deletes rows that were applied longer than `olderThanMs` ago, and keeps their highest applied_no; answers how many. */
  purge(olderThanMs: number): number;
  readBlessing(history: string): {
    origin: string;
    newest: (StoredBlessing & { ageMs: number; confirmedMs: number }) | null;
    historyKnown: boolean;
  };
  /** null when `expectedNewest` is not the newest any more. Under an advisory lock, in one transaction. */
  recordBlessing(blessing: {
    history: string;
    origin: string;
    limits: DomainLimits;
    recordedBy: string;
    headBlessing: number;
    expectedNewest: number;
  }): Promise<{ number: number; waitMs: number } | null>;
  confirmBlessing(number: number): void;
}
