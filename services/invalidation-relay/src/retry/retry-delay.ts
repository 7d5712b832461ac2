const FIRST_MS = 200;
// A row that waits holds the watermark back, and every L1 of the domain is off meanwhile: a longer cap would
// keep them off after the fault is gone, and a retry costs next to nothing.
const LONGEST_MS = 5_000;

/**
 * How long to wait before attempt number `failures` + 1, in ms: doubled each time, capped, and spread over the
 * upper half so that chunks which failed together do not come back together.
 */
export function retryDelayMs(failures: number, random: () => number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
