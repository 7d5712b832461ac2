import type { Clock } from '../clock.ts';

/** Longer than a blessing takes after a failover, so that who only waits for one keeps its connection. */
const FIRST_MS = 5_000;
/** For as long as it does not help, each look comes later than the one before: where no relay runs, it never helps. */
const LONGEST_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

export interface LeftBehindOptions {
  clock: Clock;
  /** [0, 1) */
  random: () => number;
  /** Whether the server at the end of the connection lets memory answer. */
  isLeased: () => boolean;
  /** Connects anew. */
  reconnect: () => void;
}

/**
 * Looks for another server when the one that answers has not been vouched for in a while. A primary that was superseded, and that nobody
 * demotes, closes no connection: its replicas would ask the origin for ever, and their strong writers would give up.
 */
export class LeftBehind {
  readonly #options: LeftBehindOptions;
  #since: number | null = null;
  #patienceMs = FIRST_MS;
  #cancel: () => void = () => {};

  constructor(options: LeftBehindOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#look();
      this.start();
    });
  }

  close(): void {
    this.#cancel();
  }

  #look(): void {
    const { clock, random, isLeased, reconnect } = this.#options;
    const now = clock.monotonicMs();
    if (isLeased()) {
      this.#since = null;
      this.#patienceMs = FIRST_MS;
      return;
    }
    this.#since ??= now;
    if (now - this.#since < this.#patienceMs) return;
    this.#since = now;
    // Not all of them at once.
    this.#patienceMs = Math.min(2 * this.#patienceMs, LONGEST_MS) * (0.75 + random() / 4);
    reconnect();
  }
}
