import type { Clock } from '../clock.ts';
import { FreshetError } from '../errors.ts';
import { inThisTrace } from '../telemetry/trace-context.ts';

export interface OriginGateOptions {
  clock: Clock;
  /** Loads that run at the same time. */
  concurrency: number;
  /** Loads that may wait for a place. */
  queue: number;
  /** Milliseconds, from entering the queue to the answer. */
  timeoutMs: number;
}

/**
 * Bounds what this process asks of the origin, however cold or cut off its caches are. A load that was given up keeps
 * its place until it really ends, or the bound would not hold; one that had not begun leaves the queue.
 */
export class OriginGate {
  readonly #options: OriginGateOptions;
  /** What begins each load that waits, in the order in which they came. */
  readonly #queue = new Set<() => void>();
  #running = 0;

  constructor(options: OriginGateOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  /** A load would begin at once, and delay nobody. */
  get idle(): boolean {
    return this.#running < this.#options.concurrency && this.#queue.size === 0;
  }

  /** @throws FRESHET_OVERLOADED when the queue is full, FRESHET_LOAD_TIMEOUT at the deadline, or what `load` throws. */
  async run<A>(load: (signal: AbortSignal) => Promise<A>): Promise<A> {
    const { clock, concurrency, queue, timeoutMs } = this.#options;
    if (this.#running >= concurrency && this.#queue.size >= queue) {
      throw new FreshetError(
        'FRESHET_OVERLOADED',
        'Too many loads wait for the database. Try again shortly.',
        {
          retryable: true,
        },
      );
    }
    const controller = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<A>();
    const timedOut = new FreshetError(
      'FRESHET_LOAD_TIMEOUT',
      `The database did not answer within ${timeoutMs} ms.`,
      {
        retryable: true,
      },
    );
    // Else one that waits would run in the trace of whichever load makes room for it.
    const start = inThisTrace(() => {
      this.#running++;
      // In an async function, as a load may throw before it returns a promise.
      const loading = (async () => await load(controller.signal))().then(resolve, reject);
      void loading.finally(() => this.#leave());
    });
    const cancelDeadline = clock.after(timeoutMs, () => {
      this.#queue.delete(start);
      reject(timedOut);
      controller.abort(timedOut);
    });
    if (this.#running < concurrency) start();
    else this.#queue.add(start);
    try {
      return await promise;
    } finally {
      cancelDeadline();
    }
  }

  #leave(): void {
    this.#running--;
    const [next] = this.#queue;
    if (next === undefined) return;
    this.#queue.delete(next);
    next();
  }
}
