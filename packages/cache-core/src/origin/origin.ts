import type { Version } from '../keys/version.ts';
import type { DomainLimits } from '../log/coherence-log.ts';
import type { QueryClient } from './query-client.ts';

/** One schema version under which some live replica may keep entries of an entity. */
export interface SchemaVersion {
  service: string;
  entity: string;
  number: number;
}

/** What a strong writer checks inside its transaction. */
export interface StrongCheck {
  /** The number of the newest blessing; 0 when there is none, or when another Postgres recorded it: see `THIS_POSTGRES`. */
  newestBlessing: number;
  /** Every schema version of the written entity; no other can be registered before this transaction ends. */
  schemaVersions: number[];
  /** The domain's limit on a strong transaction; null before the first blessing. */
  strongTransactionMs: number | null;
  /** As `Origin.commitsSynchronously`, for this transaction. */
  commitsSynchronously: boolean;
}

export interface StrongTransaction {
  client: QueryClient;
  check: StrongCheck;
  /** Runs what is deferred to the commit now, so that the row that is read again is the row that is committed. */
  runDeferred(): Promise<void>;
  /** See `deletionVersion`. */
  deletionVersion(): Promise<Version>;
  /** @throws FRESHET_COMMIT_UNKNOWN, FRESHET_ROLLED_BACK, or the database's own error when it refused */
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export interface StrongTransactionOptions {
  service: string;
  entity: string;
  /** The server ends the transaction after so many milliseconds. */
  transactionMs: number;
  /** A lock that is waited for longer is an error; shorter than `transactionMs`. */
  lockMs: number;
}

/**
 * The system of record of one domain: the primary of its Postgres, seen through what the library asks of it.
 * `postgresDomain` is the real one.
 */
export interface Origin {
  /** The domain's name. */
  readonly name: string;
  /**
   * Runs `work` in a transaction that carries the current trace to the outbox.
   * @throws what `work` throws, after rolling back; FRESHET_COMMIT_UNKNOWN when the answer to COMMIT was lost;
   *   FRESHET_ROLLED_BACK when a statement had failed and `work` hid it.
   */
  transaction<R>(work: (client: QueryClient) => Promise<R>): Promise<R>;
  /** Of the newest blessing; null before the first. */
  limits(): Promise<DomainLimits | null>;
  schemaVersions(): Promise<SchemaVersion[]>;
  /**
   * Makes sure that relays and strong writers know these, and notes that they are in use. Answers the number of the newest
   * blessing, as it was before; 0 when there was none.
   */
  registerSchemaVersions(used: readonly (SchemaVersion & { ttlMs: number })[]): Promise<number>;
  /** Whether a COMMIT waits for another machine, where transaction_timeout does not end it. */
  commitsSynchronously(): Promise<boolean>;
  beginStrong(options: StrongTransactionOptions): Promise<StrongTransaction>;
}
