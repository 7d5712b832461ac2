import { FreshetError } from './errors.ts';

/** Durations of one replica, in milliseconds. */
export interface Timings {
  /** Between two renewals of the freshness lease. */
  renewEveryMs: number;
  /** Of the freshness lease; the domain's limit caps it. */
  leaseMs: number;
  /** How long one reader may take to fill a key. */
  fillLeaseMs: number;
  /** Deadline of a load, waiting for its turn included. */
  loadTimeoutMs: number;
  /** How long a reader waits for another's fill before it asks the origin itself. */
  fillWaitMs: number;
  /** The server ends a strong write's transaction after so long. */
  strongTransactionMs: number;
  /** A lock waiter gets an error after so long. */
  lockTimeoutMs: number;
  /** How long a strong writer's fence stands at most. */
  fenceMs: number;
  /** A strong write that found no blessed server, or was overtaken by a blessing, tries again for so long. */
  strongWriteMs: number;
}

/** Defaults that one replica may change. */
const defaultTimings: Timings = {
  renewEveryMs: 500,
  leaseMs: 1_500,
  fillLeaseMs: 5_000,
  loadTimeoutMs: 3_000,
  fillWaitMs: 1_000,
  strongTransactionMs: 2_000,
  lockTimeoutMs: 1_000,
  fenceMs: 5_000,
  strongWriteMs: 5_000,
};

/** What all processes of a domain share, and other defaults; durations in milliseconds. */
export const limits = {
  /** A domain's limits, until a blessing says otherwise. */
  leaseMs: defaultTimings.leaseMs,
  maxStalenessMs: 2_000,
  strongTransactionMs: defaultTimings.strongTransactionMs,
  /** How long a replica's fences stand, unless it says otherwise. */
  fenceMs: defaultTimings.fenceMs,
  /** Of the watermark, and of the relays' poll. */
  tickMs: 100,
  /** Entries that the log is trimmed to, and that a replica reads at most in one renewal. */
  logLength: 10_000,
  purgeAfterMs: 600_000,
  /** How long the record of an expired freshness lease is kept. */
  forgetReplicaMs: 60_000,
  negativeTtlMs: 30_000,
  /** As the longest TTL. */
  staleIfErrorMs: 86_400_000,
  l1MaxEntries: 10_000,
  loadConcurrency: 16,
  loadQueue: 1_000,
  /** Strong writes of one key that may wait in one process. */
  writeQueue: 1_000,
} as const;

/** What two machines' clocks may disagree by over a duration: 1 % + 50 ms. */
export function drift(ms: number): number {
  return ms * 0.01 + 50;
}

export function withDrift(ms: number): number {
  return ms + drift(ms);
}

/** @throws FRESHET_INVALID_OPTIONS where the protocol needs something between two durations that does not hold. */
export function compileTimings(changed: Partial<Timings>): Timings {
  const timings = { ...defaultTimings, ...changed };
  for (const [name, ms] of Object.entries(timings)) {
    check(Number.isFinite(ms) && ms > 0, `${name} is a positive number of milliseconds`);
  }
  const { renewEveryMs, leaseMs, fillLeaseMs, loadTimeoutMs, strongTransactionMs, lockTimeoutMs, fenceMs } =
    timings;
  check(
    renewEveryMs <= leaseMs / 3,
    'renewEveryMs is at most leaseMs / 3, or one lost renewal loses the lease',
  );
  check(
    fillLeaseMs > loadTimeoutMs,
    'fillLeaseMs is longer than loadTimeoutMs, or slow loads are stored by nobody',
  );
  check(
    strongTransactionMs > lockTimeoutMs,
    'strongTransactionMs is longer than lockTimeoutMs: a lock waiter must get an error, not lose its connection',
  );
  check(
    fenceMs >= withDrift(leaseMs + strongTransactionMs),
    'fenceMs is at least leaseMs + strongTransactionMs + 1 % + 50 ms: the commit must fall inside of the fence',
  );
  return timings;
}

/** @throws FRESHET_INVALID_OPTIONS where `timings` fit their own lease, but not the domain's. */
export function checkAgainstDomain(timings: Timings, leaseMs: number, strong: boolean): void {
  const { renewEveryMs, strongTransactionMs, fenceMs } = timings;
  check(
    renewEveryMs <= leaseMs / 3,
    `renewEveryMs is at most a third of the domain's lease, ${leaseMs} ms, or one lost renewal loses the lease`,
  );
  check(
    !strong || fenceMs >= withDrift(leaseMs + strongTransactionMs),
    `fenceMs is at least the domain's lease, ${leaseMs} ms, + strongTransactionMs + 1 % + 50 ms: a replica that is cut off is waited for so long`,
  );
}

function check(holds: boolean, rule: string): void {
  if (!holds) throw new FreshetError('FRESHET_INVALID_OPTIONS', `Timings: ${rule}.`);
}
