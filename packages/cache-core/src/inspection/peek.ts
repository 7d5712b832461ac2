import { FreshetError } from '../errors.ts';
import { parseVersion, type Version } from '../keys/version.ts';
import type { RedisPort } from '../redis/port.ts';
import { Script } from '../redis/script.ts';

const script = new Script('inspection', 'peek');
const FIELDS = 7;

/** What stands under a key in L2, without its payload. */
export type Peeked = {
  /** Milliseconds until Redis removes it; null without an expiry, and where nothing is. */
  expiresInMs: number | null;
} & (
  | {
      kind: 'entry';
      version: Version;
      blessing: number;
      /** When it was stored: milliseconds since 1970, the writer's clock. */
      at: number;
      ttlMs: number;
      /** False for a cached 'not found'. */
      found: boolean;
    }
  /** A fence that nobody holds any more counts as absent, and is `dead`. */
  | { kind: 'absent' | 'lease' | 'fence' | 'dead' | 'garbage' }
);

/**
 * Looks at keys of one Redis Cluster slot, 200 or so at a time: one round trip, however large the payloads are. `timeMs`
 * is the server's clock.
 */
export async function peek(
  redis: RedisPort,
  keys: readonly string[],
): Promise<{ timeMs: number; values: Peeked[] }> {
  const answer = await script.run(redis, keys, []);
  if (!Array.isArray(answer) || answer.length !== 1 + keys.length * FIELDS) {
    throw new FreshetError('FRESHET_REDIS', 'Redis gave an answer to PEEK that this release does not know.');
  }
  const [timeMs, ...fields] = answer.map(String);
  const values = keys.map((_, index) => toPeeked(fields.slice(index * FIELDS, (index + 1) * FIELDS)));
  return { timeMs: Number(timeMs), values };
}

function toPeeked([kind, expiry, version, blessing, at, ttl, found]: string[]): Peeked {
  const expiresInMs = Number(expiry) < 0 ? null : Number(expiry);
  switch (kind) {
    case 'entry': {
      const known = versionOf(version ?? '');
      if (known === null) return { kind: 'garbage', expiresInMs };
      return {
        kind,
        expiresInMs,
        version: known,
        blessing: Number(blessing),
        at: Number(at),
        ttlMs: Number(ttl),
        found: found === '1',
      };
    }
    case 'absent':
    case 'lease':
    case 'fence':
    case 'dead':
      return { kind, expiresInMs };
    default:
      return { kind: 'garbage', expiresInMs };
  }
}

function versionOf(text: string): Version | null {
  try {
    return parseVersion(text);
  } catch {
    return null;
  }
}
