/** What one entity's reads came to, counted since the process began. Plain fields: a hit costs one addition. */
export class Counters {
  l1Hits = 0;
  l2Hits = 0;
  /** Reads that the origin answered because nothing was cached. */
  misses = 0;
  /** Reads that the origin answered although something might be cached, by reason. */
  readonly bypasses = {
    'lease-expired': 0,
    fence: 0,
    'fill-wait': 0,
    'l2-unavailable': 0,
    'not-registered': 0,
  };
  /** Reads that asked for a newer version than was cached. */
  requests = 0;
  /** Reads that shared another's load; counted in the others too. */
  collapsed = 0;
  /** Reads that waited for another process's fill; counted in the others too. */
  waits = 0;
  /** Reads that got an expired value because the origin failed. */
  staleIfError = 0;
  /** Entries that were replaced in the background before they expired. */
  refreshes = 0;
  originLoads = 0;
  originErrors = 0;
  fillsRejected = 0;
  /** Cached values that could not be understood. */
  undecodable = 0;
  invalidations = 0;
  /** Attempts of strong writes to have caches stand aside. */
  fences = 0;
  readonly strongWrites = {
    committed: 0,
    'rolled-back': 0,
    /** The answer to COMMIT was lost. */
    unknown: 0,
    unavailable: 0,
    timeout: 0,
    overloaded: 0,
  };
}

export interface EntityStats {
  l1Hits: number;
  l2Hits: number;
  misses: number;
  bypasses: number;
  requests: number;
  collapsed: number;
  /** Reads that got an expired value because the origin failed. */
  staleIfError: number;
  /** Entries replaced in the background before they expired. */
  refreshes: number;
  originLoads: number;
  fillsRejected: number;
  undecodable: number;
  l1Entries: number;
  /** Of all reads, 0 to 1; null before the first. */
  l1HitRatio: number | null;
  /** Of the reads that L1 did not answer, 0 to 1; null before the first. */
  l2HitRatio: number | null;
}

export function statsOf(counters: Counters, l1Entries: number): EntityStats {
  const { l1Hits, l2Hits, misses, requests, staleIfError } = counters;
  const { collapsed, refreshes, originLoads, fillsRejected, undecodable } = counters;
  const bypasses = Object.values(counters.bypasses).reduce((sum, count) => sum + count, 0);
  const beyondL1 = l2Hits + misses + bypasses + requests + staleIfError;
  return {
    l1Hits,
    l2Hits,
    misses,
    bypasses,
    requests,
    collapsed,
    staleIfError,
    refreshes,
    originLoads,
    fillsRejected,
    undecodable,
    l1Entries,
    l1HitRatio: ratio(l1Hits, l1Hits + beyondL1),
    l2HitRatio: ratio(l2Hits, beyondL1),
  };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
