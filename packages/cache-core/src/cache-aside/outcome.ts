import type { CacheId } from '../keys/key.ts';
import type { Version } from '../keys/version.ts';

/** What the cache did for one read; the parts of a `Cache-Status` header (RFC 9211). */
export interface CacheOutcome {
  /** The layer that answered; absent when the origin did. */
  hit?: 'l1' | 'l2';
  /**
   * Why the origin was asked: `miss`, nothing cached; `bypass`, what is cached could not be used; `request`, the
   * reader asked for a newer version; `stale`, what is cached had expired.
   */
  fwd?: 'miss' | 'bypass' | 'request' | 'stale';
  /** The answer was stored in L2. */
  stored?: boolean;
  /** Another read's load was shared. */
  collapsed?: boolean;
  /** Milliseconds that the entry has left; below 0 for an expired one, served because the origin failed. */
  ttlMs?: number;
  detail?: OutcomeDetail;
}

export type OutcomeDetail =
  | 'l1'
  | 'l2'
  | 'lease-expired'
  | 'fence'
  | 'fill-wait'
  | 'stale-if-error'
  | 'l2-unavailable'
  | 'not-registered';

export interface Answer<T> {
  /** null when there is no such row. */
  value: T | null;
  /** Of the row; '0' for 'not found', and for values made from more than one row. */
  version: Version;
  cache: CacheOutcome;
}

export interface ReadOptions {
  /** Cached answers older than this are passed by; the origin's answer is always good enough. */
  minVersion?: Version;
}

export interface ReadManyOptions {
  /** As for one read: one for all ids, or one for each (undefined: any will do). */
  minVersion?: Version | ((id: CacheId) => Version | undefined);
}
