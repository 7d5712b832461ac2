import type { Clock } from '../clock.ts';
import { FreshetError } from '../errors.ts';

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
 * its place until it really ends, or the bound would not hold.
 */
export class OriginGate {
  readonly #options: OriginGateOptions;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(options: OriginGateOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  /** @throws FRESHET_OVERLOADED when the queue is full, FRESHET_LOAD_TIMEOUT at the deadline, or what `load` throws. */
  async run<A>(load: (signal: AbortSignal) => Promise<A>): Promise<A> {
    const { clock, concurrency, queue, timeoutMs } = this.#options;
    if (this.#running >= concurrency && this.#queue.length >= queue) {
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
    const cancelDeadline = clock.after(timeoutMs, () => {
      reject(timedOut);
      controller.abort(timedOut);
    });
    this.#enter(async () => {
      if (controller.signal.aborted) return;
      await load(controller.signal).then(resolve, reject);
    });
    try {
      return await promise;
    } finally {
      cancelDeadline();
    }
  }

  #enter(task: () => Promise<void>): void {
    const start = (): void => {
      this.#running++;
      void task().finally(() => {
        this.#running--;
        this.#queue.shift()?.();
      });
    };
    if (this.#running < this.#options.concurrency) start();
    else this.#queue.push(start);
  }
}
