import { FreshetError } from '../errors.ts';
import { parseVersion, type Version } from '../keys/version.ts';

/** What a reader found under a key in L2. */
export type L2Value =
  | { kind: 'entry'; entry: L2Entry }
  | { kind: 'lease' }
  | { kind: 'fence' }
  | { kind: 'garbage' };

export interface L2Entry {
  version: Version;
  /** The blessing that the writer knew when its load, or its fence, began. */
  blessing: number;
  /** When it was stored: milliseconds since 1970, the writer's clock. */
  at: number;
  /** Lifetime in milliseconds from `at`. */
  ttl: number;
  /** What the load took, in milliseconds. */
  cost: number;
  /** The value as JSON holds it; null is a cached 'not found'. */
  payload: unknown;
}

const ENTRY_PREFIX = '{"v":"';
const LEASE_PREFIX = '{"lease":"';
const FENCE_PREFIX = '{"fence":{';

interface StoredEntry {
  v: unknown;
  b: unknown;
  at: unknown;
  ttl: unknown;
  cost: unknown;
  d: unknown;
}

/** The order of the fields is part of the format: scripts read the prefix without parsing the payload. */
export function encodeEntry(entry: L2Entry): string {
  const payload = encodePayload(entry.payload);
  return `${ENTRY_PREFIX}${entry.version}","b":${entry.blessing},"at":${entry.at},"ttl":${entry.ttl},"cost":${entry.cost},"d":${payload}}`;
}

/** @throws FRESHET_INVALID_VALUE for what JSON cannot hold; the cause tells a bigint from a cycle from a broken `toJSON`. */
function encodePayload(payload: unknown): string {
  let cause: unknown;
  try {
    const text = JSON.stringify(payload) as string | undefined;
    if (text !== undefined) return text;
  } catch (error) {
    cause = error;
  }
  throw new FreshetError(
    'FRESHET_INVALID_VALUE',
    'The loaded value cannot be written as JSON. Return plain data, and bigints as strings.',
    { cause },
  );
}

/** Never throws: a cached value is untrusted input, and what is not understood counts as absent. */
export function decodeValue(text: string): L2Value {
  if (text.startsWith(ENTRY_PREFIX)) return decodeEntry(text);
  if (text.startsWith(LEASE_PREFIX)) return { kind: 'lease' };
  if (text.startsWith(FENCE_PREFIX)) return { kind: 'fence' };
  return GARBAGE;
}

const GARBAGE: L2Value = { kind: 'garbage' };

function decodeEntry(text: string): L2Value {
  try {
    const { v, b, at, ttl, cost, d } = JSON.parse(text) as StoredEntry;
    if (typeof v !== 'string' || d === undefined) return GARBAGE;
    if (!isCount(b) || !isCount(at) || !isCount(ttl) || !isCount(cost)) return GARBAGE;
    return { kind: 'entry', entry: { version: parseVersion(v), blessing: b, at, ttl, cost, payload: d } };
  } catch {
    return GARBAGE;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value);
}
