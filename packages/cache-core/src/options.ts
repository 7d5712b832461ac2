/** Defaults, and what must hold between them; all durations in milliseconds. */
export const limits = {
  renewEveryMs: 500,
  leaseMs: 1_500,
  maxStalenessMs: 2_000,
  tickMs: 100,
  fillLeaseMs: 5_000,
  loadTimeoutMs: 3_000,
  fillWaitMs: 1_000,
  strongTransactionMs: 2_000,
  lockTimeoutMs: 1_000,
  fenceMs: 5_000,
  /** A strong write that found no blessed server, or was overtaken by a blessing, tries again for so long. */
  strongWriteMs: 5_000,
  /** Entries that the log is trimmed to, and that a replica reads at most in one renewal. */
  logLength: 10_000,
  purgeAfterMs: 600_000,
  /** How long the record of an expired freshness lease is kept. */
  forgetReplicaMs: 60_000,
  negativeTtlMs: 30_000,
  l1MaxEntries: 10_000,
  loadConcurrency: 16,
  loadQueue: 1_000,
} as const;

/** What two machines' clocks may disagree by over a duration: 1 % + 50 ms. */
export function drift(ms: number): number {
  return ms * 0.01 + 50;
}

export function withDrift(ms: number): number {
  return ms + drift(ms);
}
