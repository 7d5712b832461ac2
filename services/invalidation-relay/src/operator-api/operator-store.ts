import type { Version } from '@freshet/cache-core/protocol';

export type InvalidationState = 'pending' | 'retrying' | 'applied' | 'dead';

/** An outbox row, as operators see it. */
export interface Invalidation {
  id: string;
  service: string;
  entity: string;
  idParts: readonly string[] | null;
  version: Version;
  cause: string;
  createdAt: string;
  attempts: number;
  lastError: string | null;
  appliedAt: string | null;
  appliedNo: string | null;
  deadAt: string | null;
  deadReason: string | null;
}

/** One outbox row, with the way that it took. Times are Postgres's; null where they were not noted. */
export interface InvalidationPath extends Invalidation {
  traceparent: string | null;
  logId: string | null;
  drainedAt: string | null;
  droppedAt: string | null;
  appendedAt: string | null;
}

/** What of a row can change. */
export interface RowState {
  id: string;
  attempts: number;
  applied: boolean;
  dead: boolean;
}

export interface Page {
  limit: number;
  /** Only rows with a lower id; null for the newest. */
  beforeId: string | null;
}

/** One key, or a whole entity. */
export interface InvalidationTarget {
  service: string;
  entity: string;
  idParts: readonly string[] | null;
}

/** Who ordered something, and why. */
export interface Operator {
  who: string;
  reason: string;
}

export interface OperatorLogItem {
  at: string;
  who: string;
  action: string;
  subject: unknown;
  reason: string | null;
}

/** What operators ask of one domain's Postgres. */
export interface OperatorStore {
  /** Newest first. */
  invalidations(page: Page, state?: InvalidationState): Promise<Invalidation[]>;
  /** Null when there is none with this id. */
  invalidation(id: string): Promise<InvalidationPath | null>;
  /** The rows whose state may have changed lately, a few hundred at most, without their content. */
  recentStates(): Promise<RowState[]>;
  /** Those that are still there, newest first. */
  byIds(ids: readonly string[]): Promise<Invalidation[]>;
  /** Newest first. */
  deadLetters(page: Page): Promise<Invalidation[]>;
  /** Whether a table or a cache of this domain names the entity. */
  knows(service: string, entity: string): Promise<boolean>;
  /** Writes one outbox row for each target, and the operator's log, in one transaction; answers the rows' ids. */
  invalidate(targets: readonly InvalidationTarget[], by: Operator): Promise<string[]>;
  /** Makes a dead letter due again; false when there is none with this id. */
  replay(id: string, by: Operator): Promise<boolean>;
  /** Makes all dead letters due again; answers how many. */
  replayAll(by: Operator): Promise<number>;
  /** Newest first. */
  operatorLog(limit: number): Promise<OperatorLogItem[]>;
  /** First parts of the domain's keys. */
  services(): Promise<string[]>;
  /** How many invalidations of the key wait in the outbox. */
  pending(key: InvalidationTarget): Promise<number>;
}
