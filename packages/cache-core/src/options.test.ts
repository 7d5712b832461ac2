import { describe, expect, test } from 'vitest';
import { compileTimings, drift, limits, type Timings, withDrift } from './options.ts';

test('the defaults hold what the protocol needs between them', () => {
  const timings = compileTimings({});
  expect(timings.renewEveryMs).toBeLessThanOrEqual(timings.leaseMs / 3);
  expect(timings.leaseMs).toBeLessThanOrEqual(limits.maxStalenessMs);
  expect(limits.maxStalenessMs).toBeGreaterThan(timings.renewEveryMs + 2 * limits.tickMs);
  expect(timings.fillLeaseMs).toBeGreaterThan(timings.loadTimeoutMs);
  expect(timings.strongTransactionMs).toBeGreaterThan(timings.lockTimeoutMs);
  expect(timings.fenceMs).toBeGreaterThanOrEqual(withDrift(timings.leaseMs + timings.strongTransactionMs));
});

test('clocks may drift by 1 % and 50 ms', () => {
  expect(drift(1_000)).toBe(60);
  expect(withDrift(1_000)).toBe(1_060);
  expect(withDrift(0)).toBe(50);
});

test('what is changed counts, the rest is default', () => {
  expect(compileTimings({ renewEveryMs: 100 })).toMatchObject({ renewEveryMs: 100, leaseMs: 1_500 });
});

describe('durations that break the protocol are refused', () => {
  test.each<[string, Partial<Timings>]>([
    ['a lease that one lost renewal loses', { renewEveryMs: 501 }],
    ['a fill lease that ends before the load', { fillLeaseMs: 3_000 }],
    ['a lock that is waited for as long as the transaction lasts', { lockTimeoutMs: 2_000 }],
    ['a fence that may end before the COMMIT', { fenceMs: 3_584 }],
    ['nothing', { renewEveryMs: 0 }],
    ['less than nothing', { loadTimeoutMs: -1 }],
    ['no number', { fillWaitMs: Number.NaN }],
    ['for ever', { strongWriteMs: Number.POSITIVE_INFINITY }],
  ])('%s', (_, changed) => {
    expect(() => compileTimings(changed)).toThrow(
      expect.objectContaining({ code: 'FRESHET_INVALID_OPTIONS', retryable: false }),
    );
  });

  test('and the ones on the edge are not', () => {
    expect(() => compileTimings({ renewEveryMs: 500, fillLeaseMs: 3_001, fenceMs: 3_585 })).not.toThrow();
  });
});
