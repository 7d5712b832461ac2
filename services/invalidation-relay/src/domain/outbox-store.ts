import type { Version } from '@freshet/cache-core/protocol';

/** A pending row of `freshet.invalidation_outbox`: one key, or a whole entity, whose caches are out of date. */
export interface OutboxRow {
  /** Decimal string. */
  id: string;
  service: string;
  entity: string;
  /** As Postgres prints the id columns, not yet encoded; null names the whole entity. */
  idParts: readonly string[] | null;
  version: Version;
  traceparent: string | null;
  /** Failed attempts so far. */
  attempts: number;
}

/** When a batch was where: milliseconds before it is marked. */
export interface FanOutPath {
  /** Of the log entry of the last row; those of the others come right before it, in their order. */
  lastLogId: string;
  drainedMs: number;
  droppedMs: number;
  appendedMs: number;
}

/** Which rows to lock: those that are due, or these ids, due or not. */
export type RowSelection = { due: { limit: number } } | { ids: readonly string[] };

/** Pending rows, locked until the transaction that gave them ends. Nobody else drains them meanwhile. */
export interface LockedBatch {
  readonly rows: readonly OutboxRow[];
  /** 0 when nothing was ever blessed. */
  newestBlessing(): Promise<number>;
  /** The schema versions that replicas registered, by `service:entity`. */
  schemaVersions(): Promise<ReadonlyMap<string, readonly number[]>>;
  /**
   * Marks the rows applied, each with the next applied_no, drawn inside the UPDATE, but only while `blessing`
   * is the newest. The answer holds how long each row took from its writing to here; it is empty when
   * `blessing` is not the newest, and then nothing was marked. `path` is noted for operators.
   */
  markApplied(ids: readonly string[], blessing: number, path?: FanOutPath): Promise<{ latencyMs: number }[]>;
  /** Counts a failed attempt and keeps the poll away from the rows for `delayMs`. */
  postpone(ids: readonly string[], delayMs: number, error: string): Promise<void>;
  /** Makes a row a dead letter. */
  bury(id: string, reason: string): Promise<void>;
  /** To be called during long work: Postgres ends a transaction that is idle for long, and frees its rows. */
  keepAlive(): Promise<void>;
}

/** What one Postgres snapshot says about the outbox. */
export interface OutboxSnapshot {
  /** Postgres itself; see `BlessingRecord.origin`. */
  origin: string;
  /** Null when no row is pending. */
  highestPendingId: string | null;
  newestBlessing: number;
  /** The last number that was drawn from the applied_no sequence, a decimal string. */
  appliedNo: string;
}

export interface OutboxDepth {
  pending: number;
  oldestAgeMs: number;
  /** Rows that have been failing for longer than a minute. */
  retryingForLong: number;
  deadLetters: number;
}

export interface CachedTableProblem {
  table: string;
  service: string;
  entity: string;
  problem: string | null;
}

/** The outbox of one domain. All times in it are Postgres's. */
export interface OutboxStore {
  /** The name in `freshet.domain`, or null while the schema is not there. */
  domainName(): Promise<string | null>;
  /** Whether the schema has what this relay cannot do without; an older one lacks it until a service has migrated. */
  isCurrent(): Promise<boolean>;
  /** Runs `work` on locked rows in one transaction, which commits when `work` resolves and rolls back when it rejects. */
  withLockedRows<Result>(
    selection: RowSelection,
    work: (batch: LockedBatch) => Promise<Result>,
  ): Promise<Result>;
  snapshot(): Promise<OutboxSnapshot>;
  /** Whether a row with an id up to `id` is pending, and the newest blessing, in one snapshot. */
  progress(id: string | null): Promise<{ pending: boolean; newestBlessing: number }>;
  depth(): Promise<OutboxDepth>;
  /** One item per registered table; `problem` is null where all is well. */
  checkCachedTables(): Promise<CachedTableProblem[]>;
  /** Deletes rows that were applied longer than `olderThanMs` ago, some thousands at most; answers how many. */
  purge(olderThanMs: number): Promise<number>;
  /** Deletes the schema versions of which no replica can hold an entry any more; answers how many. */
  forgetSchemaVersions(): Promise<number>;
  /** What replicas have registered: under which prefixes there are keys. */
  schemaVersions(): Promise<{ service: string; entity: string; number: number }[]>;
}
