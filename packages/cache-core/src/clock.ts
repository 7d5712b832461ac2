/** The only source of time, so that a test or a simulation can own it. */
export interface Clock {
  /** Milliseconds that never step, for durations. */
  monotonicMs(): number;
  /** Milliseconds since 1970, which may step. */
  wallMs(): number;
  /** Runs `callback` once after `ms`; the answer cancels it. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` on `clock`. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
