import { FreshetError } from '../errors.ts';

declare const bounded: unique symbol;

/** A lifetime in milliseconds. Only `ttl` makes one, so that no entry can be without. */
export interface Ttl {
  readonly ms: number;
  readonly [bounded]: true;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * How long a value may live in the caches. The TTL is no freshness bound, that is `maxStaleness`; it limits what
 * memory is used for, and how long a mistake lasts.
 */
export const ttl = {
  /** 1 h: data that changes rarely. */
  masterData: make(60 * MINUTE),
  /** 15 min. */
  session: make(15 * MINUTE),
  /** 15 min. */
  profile: make(15 * MINUTE),
  /** 5 min: values made from many rows, which no trigger can name. */
  aggregation: make(5 * MINUTE),
  /** 5 min: write-through. */
  stock: make(5 * MINUTE),
  /** Any other lifetime, from 1 s to 1 day. @throws FRESHET_INVALID_OPTIONS outside of that. */
  of({ ms }: { ms: number }): Ttl {
    if (Number.isInteger(ms) && ms >= 1_000 && ms <= DAY) return make(ms);
    throw new FreshetError('FRESHET_INVALID_OPTIONS', `A TTL is between 1,000 and ${DAY} ms; got ${ms}.`);
  },
};

/** `ms` ± 10 %: keys that were filled together must not expire together. `random` gives [0, 1). */
export function jittered(ms: number, random: () => number): number {
  return Math.max(1, Math.round(ms * (0.9 + 0.2 * random())));
}

function make(ms: number): Ttl {
  return Object.freeze({ ms }) as Ttl;
}
