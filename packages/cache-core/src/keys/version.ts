import { FreshetError } from '../errors.ts';

/**
 * A row's version: a decimal string of at most 19 digits without leading zeros. It outgrows 2^53, so it is
 * never a number, and a string is what Postgres, JSON and Lua all compare without loss.
 */
export type Version = string;

/** 'Every invalidation removes me': a cached 'not found', or a value made from more than one row. */
export const NO_VERSION: Version = '0';

/** 'Remove every entry': an invalidation by hand, or of a whole entity. */
export const MAX_VERSION: Version = '9223372036854775807';

const CANONICAL = /^(?:0|[1-9]\d{0,18})$/;

/** @throws FRESHET_INVALID_VERSION when `input` is not a decimal between 0 and 2^63 − 1 without leading zeros. */
export function parseVersion(input: string | bigint | number): Version {
  const text = typeof input === 'string' ? input : String(input);
  // A number beyond 2^53 has lost digits already, wherever it comes from.
  const exact = typeof input !== 'number' || Number.isSafeInteger(input);
  if (!exact || !CANONICAL.test(text) || (text.length === 19 && text > MAX_VERSION)) {
    throw new FreshetError(
      'FRESHET_INVALID_VERSION',
      'A version is a decimal number between 0 and 9223372036854775807, without sign or leading zeros.',
    );
  }
  return text;
}

/** Negative when `a` is older than `b`, 0 when they are the same, positive when it is newer. */
export function compareVersions(a: Version, b: Version): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
