import type { Clock } from '@freshet/cache-core/protocol';

/** A clock that only the test moves. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
  /** Callbacks that wait. */
  waiting(): number;
}

export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    monotonicMs: () => now,
    wallMs: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers].toSorted((a, b) => a.at - b.at)) {
        if (timer.at > now || !timers.delete(timer)) continue;
        timer.callback();
      }
    },
    waiting: () => timers.size,
  };
}
