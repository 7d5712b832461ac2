import type { Clock } from '@freshet/cache-core/protocol';
import type { Scheduler } from './scheduler.ts';

/** 2026-01-01, so that wall times look like wall times. */
export const EPOCH_MS = 1_767_225_600_000;

/**
 * One operating-system process on a machine with clocks of its own. It can be paused (SIGSTOP, a long garbage collection),
 * suspended with its machine (its monotonic clock stands still), and killed; what was to run in it then waits, or is lost.
 */
export class Process {
  readonly name: string;
  readonly clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #rate: number;
  readonly #onDeath: (() => void)[] = [];
  #alive = true;
  #pausedUntil = 0;
  #monotonicLag = 0;
  #wallOffset: number;

  /** `rate`: how fast its clocks run, 1 for exactly. `wallOffset`: how wrong its wall clock is, in ms. */
  constructor(scheduler: Scheduler, name: string, { rate = 1, wallOffset = 0 } = {}) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#rate = rate;
    this.#wallOffset = wallOffset;
    this.clock = {
      monotonicMs: () => scheduler.now * rate - this.#monotonicLag,
      wallMs: () => EPOCH_MS + scheduler.now * rate + this.#wallOffset,
      after: (ms, callback) => this.#timer(Math.max(0, ms) / rate, callback),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  get paused(): boolean {
    return this.#scheduler.now < this.#pausedUntil;
  }

  /** Runs `callback` in this process at `time` or when it runs again; never once it is dead. The answer cancels it. */
  runAt(time: number, callback: () => void): () => void {
    let cancel = this.#scheduler.at(time, () => {
      if (!this.#alive) return;
      if (this.paused) cancel = this.runAt(this.#pausedUntil, callback);
      else callback();
    });
    return () => cancel();
  }

  /** Timers go by the monotonic clock: a suspended machine's fire later by as much. */
  #timer(ms: number, callback: () => void): () => void {
    const lag = this.#monotonicLag;
    let cancel = this.runAt(this.#scheduler.now + ms, () => {
      const late = (this.#monotonicLag - lag) / this.#rate;
      if (late > 0) cancel = this.#timer(late, callback);
      else callback();
    });
    return () => cancel();
  }

  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#scheduler.now + ms);
  }

  /** The machine sleeps: a pause that the monotonic clock does not count. */
  suspend(ms: number): void {
    this.pause(ms);
    this.#monotonicLag += ms * this.#rate;
  }

  stepWallClock(ms: number): void {
    this.#wallOffset += ms;
  }

  /** What belongs to this process ends with it. */
  onDeath(end: () => void): void {
    this.#onDeath.push(end);
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const end of this.#onDeath) end();
  }
}
