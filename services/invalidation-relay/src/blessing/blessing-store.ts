import type { DomainLimits } from '@freshet/cache-core/protocol';

/** A row of `freshet.blessing`. */
export interface RecordedBlessing {
  number: number;
  history: string;
  origin: string;
  limits: DomainLimits;
  recordedBy: string;
  /** On Postgres's clock. */
  ageMs: number;
  finished: boolean;
}

/** What Postgres says about a Redis server's history, in one snapshot. */
export interface BlessingRecord {
  /** Postgres itself: system identifier and timeline; another one after a failover or a restore. */
  origin: string;
  newest: RecordedBlessing | null;
  /** Whether any blessing, the newest or an older one, is of the history that was asked for. */
  historyKnown: boolean;
}

export interface BlessingToRecord {
  history: string;
  origin: string;
  limits: DomainLimits;
  recordedBy: string;
  /** The blessing in the head of the Redis server; the new number is above it. */
  headBlessing: number;
  /** What the decision was based on: 0 when there was none. */
  expectedNewest: number;
}

/** The blessings of one domain, in its Postgres: the newest is the truth. */
export interface BlessingStore {
  read(history: string): Promise<BlessingRecord>;
  /**
   * Records the next blessing, one relay at a time. `waitMs`: the longest that anybody may live on the word of the
   * blessings before. Null when the newest is not the expected one any more.
   */
  record(blessing: BlessingToRecord): Promise<{ number: number; waitMs: number } | null>;
  /** The newest blessing and the applied_no sequence, in one snapshot. */
  snapshot(): Promise<{ newestBlessing: number; appliedNo: string }>;
  finish(number: number): Promise<void>;
  /** Newest first. */
  history(limit: number): Promise<(RecordedBlessing & { recordedAt: string; finishedAt: string | null })[]>;
}
