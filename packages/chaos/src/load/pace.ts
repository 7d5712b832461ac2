import { setTimeout as delay } from 'node:timers/promises';

/** Repeats one thing, no more often than `everyMs`, until it is stopped. Time that was lost is not made up for. */
export class Pace {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  repeat(everyMs: number, act: () => Promise<unknown>): void {
    this.#running.push(this.#run(everyMs, act));
  }

  /** Resolves when what was under way has ended. @throws what any of it threw */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #run(everyMs: number, act: () => Promise<unknown>): Promise<void> {
    let next = performance.now();
    while (!this.stopped) {
      await act();
      const now = performance.now();
      next = Math.max(next + everyMs, now);
      await delay(next - now, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }
}
