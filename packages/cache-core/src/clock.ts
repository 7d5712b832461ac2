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

/**
 * Milliseconds since this call, by whichever clock says more: the monotonic one stands still while a machine is suspended, the
 * wall clock may be set back. For what must not be taken for younger than it is.
 */
export function ageFromNow(clock: Clock): () => number {
  const monotonicMs = clock.monotonicMs();
  const wallMs = clock.wallMs();
  return () => Math.max(clock.monotonicMs() - monotonicMs, clock.wallMs() - wallMs);
}

/** Resolves after `ms` on `clock`. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
