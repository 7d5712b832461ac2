import { limits } from '@freshet/cache-core/protocol';

/** How often each loop runs, in milliseconds. */
export interface RelayTiming {
  /** The poll for due rows. */
  pollMs: number;
  /** The watermark's tick. */
  tickMs: number;
  /** The look at who speaks for the domain. */
  blessingWatchMs: number;
  /** The check of the triggers, and the purge. */
  upkeepMs: number;
  /** The search for fences that nobody holds any more: slow, and in no hurry. */
  fencesEveryMs: number;
  /** The measuring of the outbox. */
  depthMs: number;
  /** How long applied rows are kept. */
  purgeAfterMs: number;
  /** The wait for a schema that is not there yet, and before a superseded server is looked at again. */
  reconnectMs: number;
}

export const defaultTiming: RelayTiming = {
  pollMs: limits.tickMs,
  tickMs: limits.tickMs,
  blessingWatchMs: 250,
  upkeepMs: 60_000,
  fencesEveryMs: 3_600_000,
  depthMs: 2_000,
  purgeAfterMs: limits.purgeAfterMs,
  reconnectMs: 1_000,
};
