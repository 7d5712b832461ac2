import type { CacheOutcome } from '../cache-aside/outcome.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { LeaseState } from '../freshness-lease/lease-state.ts';
import type { CacheId } from '../keys/key.ts';
import { type NotFromMemory, recordingSpan, type Told, traceRead } from './read-span.ts';

/** The part of a pino logger that is used. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  isLevelEnabled?(level: string): boolean;
}

/** For how long one kind of trouble of an entity is told once. */
const TELL_EVERY_MS = 60_000;

/** Says what the cache does: one debug line per read, sampled, and attributes on the active span if one is recording. */
export class CacheLog {
  readonly logger: Logger | undefined;
  readonly #sample: number;
  readonly #random: () => number;
  readonly #clock: Clock;
  /** When it was last told, by the monotonic clock. */
  readonly #leftToRelay = new Map<string, number>();
  #lease: 'awaited' | 'held' | 'missed' = 'awaited';

  constructor(logger: Logger | undefined, sample: number, random: () => number, clock: Clock = systemClock) {
    this.logger = logger;
    this.#sample = sample;
    this.#random = random;
    this.#clock = clock;
  }

  read(entity: string, id: CacheId, outcome: CacheOutcome, told: Told, memory?: NotFromMemory): void {
    const span = recordingSpan();
    if (span !== undefined) traceRead(span, entity, outcome, told, this.#clock.wallMs(), memory);
    if (
      this.#sample > 0 &&
      this.logger?.isLevelEnabled?.('debug') === true &&
      this.#random() < this.#sample
    ) {
      this.logger.debug({ entity, id, ...outcome }, outcome.hit === undefined ? 'cache miss' : 'cache hit');
    }
  }

  /** Once for each time that it is got or lost, and once when the first is not to be had: not for each reason in turn. */
  lease(state: LeaseState, connection: string | undefined): void {
    if (state.held) {
      this.#lease = 'held';
      this.#leftToRelay.clear();
      this.logger?.info({}, 'freshness lease held');
      return;
    }
    const { reason } = state;
    // Every replica begins with a reset, and it ends with giving its lease back.
    const expected = reason === 'closed' || (reason === 'reset' && this.#lease === 'awaited');
    if (expected || this.#lease === 'missed') return;
    const message = this.#lease === 'held' ? 'freshness lease lost' : 'no freshness lease yet';
    this.#lease = 'missed';
    this.logger?.warn({ reason, ...(connection !== undefined && { connection }) }, message);
  }

  done(what: string): void {
    this.logger?.info({}, what);
  }

  failed(what: string, error: unknown, fields: object = {}): void {
    this.logger?.warn({ err: error, ...fields }, what);
  }

  /**
   * What the relay makes up for is told once a minute for each entity, or once until the lease is held again, without a
   * stack: while Redis is away it happens at every write, and each would say the same.
   */
  leftToRelay(what: string, error: unknown, entity: string): void {
    const kind = `${what} ${entity}`;
    const now = this.#clock.monotonicMs();
    if (now - (this.#leftToRelay.get(kind) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return;
    this.#leftToRelay.set(kind, now);
    const reason = error instanceof Error ? error.message : String(error);
    this.logger?.warn({ reason, entity }, `${what} left to the relay, and those of the next minute`);
  }
}
