import type { Clock } from '../src/clock.ts';

interface Timer {
  dueMs: number;
  callback: () => void;
}

/** Time that passes only when a test says so. Both clocks can be moved apart, as real ones do. */
export class FakeClock implements Clock {
  #monotonicMs = 1_000;
  #wallMs = 1_767_225_600_000;
  readonly #timers = new Set<Timer>();

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { dueMs: this.#monotonicMs + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that have yet to fire. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass, timer after timer, with what each of them sets off. */
  async advance(ms: number): Promise<void> {
    const until = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#pass(Math.max(0, next.dueMs - this.#monotonicMs));
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#pass(until - this.#monotonicMs);
  }

  /** Time passes and no timer fires yet: the event loop is busy. */
  block(ms: number): void {
    this.#pass(ms);
  }

  /** The machine sleeps: the wall clock goes on, the monotonic one does not. */
  suspend(ms: number): void {
    this.#wallMs += ms;
  }

  /** Somebody sets the wall clock. */
  stepWall(ms: number): void {
    this.#wallMs += ms;
  }

  #pass(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }

  #next(untilMs: number): Timer | undefined {
    const [first] = [...this.#timers].toSorted((a, b) => a.dueMs - b.dueMs);
    return first !== undefined && first.dueMs <= untilMs ? first : undefined;
  }
}

/** Until every promise that can be settled without time or I/O is. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
