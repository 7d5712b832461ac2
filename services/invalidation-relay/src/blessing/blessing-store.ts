import type { DomainLimits, Version } from '@freshet/cache-core/protocol';
import type { OutboxRow } from '../domain/outbox-store.ts';

/** A row of `freshet.blessing`. */
export interface RecordedBlessing {
  number: number;
  history: string;
  origin: string;
  limits: DomainLimits;
  recordedBy: string;
  /** On Postgres's clock, as `confirmedMs`. */
  ageMs: number;
  finished: boolean;
  /** Since a relay last saw its server speak for the domain, or recorded it. */
  confirmedMs: number;
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

/** What one Postgres snapshot says to a relay that is about to bless. */
export interface BlessingSnapshot {
  newestBlessing: number;
  origin: string;
  /** The last number that was drawn from the applied_no sequence. */
  appliedNo: Version;
  /** null when it is not known any more, or never was, or is not worth the while. */
  missed: MissedChanges | null;
}

/** 'Every DROP up to this `appliedNo` was made', said under this blessing. */
export interface AppliedUpTo {
  blessing: number;
  appliedNo: Version;
}

/** The changes that a server which has every DROP up to some applied_no may have missed. */
export interface MissedChanges {
  rows: readonly OutboxRow[];
  /** By `service:entity`, in the same snapshot: who registers later reads later. */
  schemaVersions: ReadonlyMap<string, readonly number[]>;
}

/** The blessings of one domain, in its Postgres: the newest is the truth. */
export interface BlessingStore {
  read(history: string): Promise<BlessingRecord>;
  /**
   * Records the next blessing, one relay at a time. `waitMs`: the longest that anybody may live on the word of the
   * blessings before. Null when the newest is not the expected one any more.
   */
  record(blessing: BlessingToRecord): Promise<{ number: number; waitMs: number } | null>;
  /** `since`: what the head of the server that is to be blessed says; null when that proves nothing. */
  snapshot(since: AppliedUpTo | null): Promise<BlessingSnapshot>;
  /** A relay has seen its server speak for the domain: the blessing is finished, and still in force. */
  confirm(number: number): Promise<void>;
  /** Newest first. */
  history(limit: number): Promise<(RecordedBlessing & { recordedAt: string; finishedAt: string | null })[]>;
}
