import { FreshetError } from '../errors.ts';
import { assertName, type CacheId } from '../keys/key.ts';
import type { Version } from '../keys/version.ts';
import type { L1Bounds } from '../l1/l1.ts';
import { limits, type Timings } from '../options.ts';
import type { QueryClient } from '../origin/query-client.ts';
import type { Ttl } from '../ttl/ttl.ts';

/** What a load found: plain data, and the version of its row; '0' for a value that was made from more than one row. */
export interface Loaded<T> {
  value: T;
  version: Version | bigint;
}

export interface LoadContext {
  /** Aborted when the load has taken too long. */
  signal: AbortSignal;
  /** The writing transaction; set only when a strong write reads its row again, and then to be used. */
  client?: QueryClient;
}

/**
 * What one entity's cache promises.
 *
 * Values are what JSON makes of `load`'s, at every layer, and they are shared between readers: never change one (in
 * development they are frozen).
 */
export interface PolicyOptions<T> {
  /** Second part of the key `{service}:{entity}:{id}`. */
  entity: string;
  /** Raise it when the shape of the value changes: both shapes live side by side during a rolling deploy. Default 1. */
  schemaVersion?: number;
  /** How long a value lives at most, ± 10 %. */
  ttl: Ttl;
  /**
   * Milliseconds after which an overwritten value is served by no layer any more, whatever dies. At most the domain's
   * limit (2,000), more than 700. 'ttl' for aggregates over many rows, which no trigger names: fresh to their TTL.
   */
  maxStaleness: number | 'ttl';
  /** What to do while freshness is not proven: ask the origin (default), or serve L2 to its TTL. */
  whenUnproven?: 'bypass' | 'serve';
  /** Milliseconds that 'not found' is cached. Default 30,000. */
  negativeTtl?: number;
  /**
   * Replaces hot entries in the background before they expire, so that no reader waits for the load: the β of XFetch
   * (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015). What took c ms to
   * load is loaded anew by the first reader of its last β · c · x ms, where x is drawn from the exponential
   * distribution of mean 1. Never where the version is '0'. Default 0: off.
   */
  refreshAhead?: number;
  /**
   * Milliseconds past its TTL for which a value may be served when the origin fails: an expired one, marked
   * `stale-if-error`, and never one that was invalidated. Default 0: the origin's error is the reader's.
   */
  staleIfError?: number;
  /** Bounds of this entity's part of L1; default: the cache's. */
  l1?: Partial<L1Bounds>;
  /**
   * Checks a value's shape, and makes what readers get of what JSON holds. What it throws for a cached value makes the read
   * a miss; for a loaded value it is FRESHET_INVALID_VALUE, and nothing is cached. Default: trusts it.
   */
  decode?: (payload: unknown) => T;
  /** Makes what JSON holds of a loaded value, where that is not the value itself; `decode` is its inverse. Default: none. */
  encode?: (value: T) => unknown;
  /**
   * Reads the origin's primary in a snapshot begun after the call: never a read replica, never inside an older
   * REPEATABLE READ transaction. null when there is no such row; undefined is a mistake, FRESHET_INVALID_VALUE.
   */
  load: (id: CacheId, context: LoadContext) => Promise<Loaded<T> | null>;
  /**
   * As `load`, for the ids that one `getMany` or `readMany` found in no cache: one answer for each, in their order. It
   * takes one place among the loads. Default: `load` for each id.
   */
  loadMany?: (
    ids: readonly CacheId[],
    context: { signal: AbortSignal },
  ) => Promise<readonly (Loaded<T> | null)[]>;
}

/** Compiled once: defaults in, mistakes out. */
export interface Policy<T> {
  entity: string;
  schemaVersion: number;
  ttlMs: number;
  /** null: fresh to the TTL only. */
  maxStalenessMs: number | null;
  strong: boolean;
  bypassWhenUnproven: boolean;
  negativeTtlMs: number;
  /** 0: off. */
  refreshAhead: number;
  /** 0: off. */
  staleIfErrorMs: number;
  l1: Partial<L1Bounds>;
  decode: (payload: unknown) => T;
  encode: (value: T) => unknown;
  load: PolicyOptions<T>['load'];
  loadMany: PolicyOptions<T>['loadMany'];
}

/** @throws FRESHET_INVALID_OPTIONS */
export function compilePolicy<T>(
  options: PolicyOptions<T>,
  strong: boolean,
  { renewEveryMs }: Timings,
): Policy<T> {
  assertName('entity', options.entity);
  const { schemaVersion = 1, whenUnproven = 'bypass', negativeTtl = limits.negativeTtlMs } = options;
  const { refreshAhead = 0, staleIfError = 0 } = options;
  const maxStalenessMs = options.maxStaleness === 'ttl' ? null : options.maxStaleness;
  const least = renewEveryMs + 2 * limits.tickMs;
  check(Number.isInteger(schemaVersion) && schemaVersion >= 1, 'schemaVersion is a whole number from 1 on');
  check(typeof options.ttl?.ms === 'number', 'ttl is required: take one of `ttl`');
  check(
    maxStalenessMs === null || (maxStalenessMs > least && Number.isFinite(maxStalenessMs)),
    `maxStaleness is more than ${least} ms (a renewal and two ticks), or 'ttl'`,
  );
  check(!strong || maxStalenessMs !== null, "a strong entity has a maxStaleness in milliseconds, not 'ttl'");
  check(!strong || whenUnproven === 'bypass', "a strong entity has whenUnproven: 'bypass'");
  check(negativeTtl >= 1 && negativeTtl <= options.ttl.ms, 'negativeTtl is between 1 ms and the ttl');
  check(refreshAhead >= 0 && Number.isFinite(refreshAhead), 'refreshAhead is 0 or more');
  check(
    Number.isInteger(staleIfError) && staleIfError >= 0 && staleIfError <= limits.staleIfErrorMs,
    `staleIfError is a whole number of milliseconds, at most ${limits.staleIfErrorMs}`,
  );
  return {
    entity: options.entity,
    schemaVersion,
    ttlMs: options.ttl.ms,
    maxStalenessMs,
    strong,
    bypassWhenUnproven: whenUnproven === 'bypass',
    negativeTtlMs: negativeTtl,
    refreshAhead,
    staleIfErrorMs: staleIfError,
    l1: options.l1 ?? {},
    decode: options.decode ?? ((payload) => payload as T),
    encode: options.encode ?? ((value) => value),
    load: options.load,
    loadMany: options.loadMany,
  };

  function check(holds: boolean, rule: string): void {
    if (!holds) throw new FreshetError('FRESHET_INVALID_OPTIONS', `Entity ${options.entity}: ${rule}.`);
  }
}
