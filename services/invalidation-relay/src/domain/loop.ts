import type { Clock } from '@freshet/cache-core/protocol';

export interface LoopOptions {
  clock: Clock;
  /** Milliseconds from the end of one run to the start of the next. */
  everyMs: number;
  run: () => Promise<void>;
  onError: (error: unknown) => void;
}

/** Runs its work again and again, from its making on, never twice at once, until it is stopped. */
export class Loop {
  readonly #options: LoopOptions;
  readonly #done: Promise<void>;
  #stopped = false;
  #poked = false;
  #wake: (() => void) | null = null;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#done = this.#work();
  }

  /** Runs the work at once, or again at once when it is running. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  /** Lets the current run end, and starts no other. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    return this.#done;
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      this.#poked = false;
      try {
        await this.#options.run();
      } catch (error) {
        this.#options.onError(error);
      }
      if (!this.#poked && !this.#stopped) await this.#rest();
    }
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(this.#options.everyMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
