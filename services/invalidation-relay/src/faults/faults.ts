/** The steps between which a relay can be made to stop, for tests: see README, 'Crash points'. */
export const CRASH_POINTS = [
  'before-drop',
  'after-drop',
  'after-append',
  'before-mark',
  'before-commit',
  'before-watermark',
  'after-record-blessing',
  'before-bless',
  'after-bless',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Called at each step; a test makes it wait, throw, or end the process. */
export interface Faults {
  at(point: CrashPoint): Promise<void>;
}

export const noFaults: Faults = { at: () => Promise.resolve() };

/** For tests only: the process ends at `point` as if its machine had lost power. */
export function crashAt(point: CrashPoint): Faults {
  return {
    at(reached) {
      if (reached !== point) return Promise.resolve();
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => {});
    },
  };
}
