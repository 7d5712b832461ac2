import { type ServerStatus, withDrift } from '@freshet/cache-core/protocol';
import type { BlessingRecord, RecordedBlessing } from './blessing-store.ts';

/** On top of what an unfinished blessing waits for: its relay's two round trips, and some. */
export const UNFINISHED_MARGIN_MS = 1_000;

/** How often the relays of the server that speaks for the domain write down that it does. */
export const CONFIRM_EVERY_MS = 3_000;

/** A blessing that nobody has confirmed for so long has lost its server, or its relays have lost that. */
export const ABANDONED_AFTER_MS = 10_000;

/**
 * What a relay does about the Redis server that it is connected to.
 * - `nothing`: it speaks for the domain, under the newest blessing.
 * - `confirm`: so it does, but nobody has written that down yet, or not for a while.
 * - `stand-aside`: it is no primary, or one that another has superseded, which still speaks for the domain.
 * - `leave-alone`: another relay is about to bless.
 * - `bless`: record the next blessing. `first`: neither Postgres nor this Redis knows of one before, so nobody is taken to live on
 *   the word of one.
 */
export type BlessingDecision =
  | { do: 'nothing' }
  | { do: 'confirm'; number: number }
  | { do: 'stand-aside'; why: string }
  | { do: 'leave-alone'; number: number }
  | { do: 'bless'; why: string; first: boolean };

export function decideBlessing(
  status: ServerStatus,
  { origin, newest, historyKnown }: BlessingRecord,
  self: string,
): BlessingDecision {
  if (!status.primary) return { do: 'stand-aside', why: 'this Redis is a replica' };
  if (newest === null) {
    const first = status.blessing === 0;
    return {
      do: 'bless',
      first,
      why: first ? 'the domain was never blessed' : 'Postgres has lost its blessings',
    };
  }
  if (
    status.blessed &&
    status.blessing === newest.number &&
    status.history === newest.history &&
    status.origin === origin
  ) {
    return newest.finished && newest.confirmedMs < CONFIRM_EVERY_MS
      ? { do: 'nothing' }
      : { do: 'confirm', number: newest.number };
  }
  // Mostly, only a new primary has a history that nobody has recorded. One that was superseded has missed the DROPs since
  // then, and blessing it would take the domain from its successor. But when one failover follows the other, the older of two
  // new primaries can be recorded last: then it is gone, and the one that is left must be blessed again.
  const superseded = historyKnown && status.history !== newest.history;
  if (superseded && newest.confirmedMs < ABANDONED_AFTER_MS) {
    return { do: 'stand-aside', why: `this Redis was superseded by blessing ${newest.number}` };
  }
  if (!newest.finished && newest.recordedBy !== self && newest.ageMs <= patienceMs(newest)) {
    return { do: 'leave-alone', number: newest.number };
  }
  return { do: 'bless', first: false, why: reason(status, newest, origin) };
}

function patienceMs({ limits }: RecordedBlessing): number {
  return withDrift(Math.max(limits.maxStalenessMs, limits.strongTransactionMs)) + UNFINISHED_MARGIN_MS;
}

function reason(status: ServerStatus, newest: RecordedBlessing, origin: string): string {
  if (!status.blessed) return 'Redis is a new primary, was restarted, or was emptied';
  if (status.origin !== origin) return 'Postgres failed over or was restored';
  if (status.history !== newest.history) return `nobody speaks under blessing ${newest.number} any more`;
  return `Redis is under blessing ${status.blessing}, the newest is ${newest.number}`;
}
