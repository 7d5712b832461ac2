import { compareVersions, decodeValue, physicalKey, type Version } from '@freshet/cache-core/protocol';
import type { OpenDomain } from '../domain/open-domain.ts';
import type { SampledKey } from '../operator-api/operator-store.ts';

/**
 * - `consistent`: L2 holds the row's version.
 * - `absent`: L2 holds nothing that a reader would use.
 * - `in-flight`: L2 holds an older version, and its invalidation waits in the outbox.
 * - `stale`: L2 holds an older version, and nothing would remove it.
 */
export type Verdict = 'consistent' | 'absent' | 'in-flight' | 'stale';

export interface SampledEntry {
  key: string;
  postgresVersion: Version | null;
  l2Version: Version | null;
  verdict: Verdict;
}

type Asked = Pick<OpenDomain, 'operators' | 'redis'>;

/** Compares what was invalidated lately with what L2 holds of it now. Nothing is loaded into any cache. */
export async function sampleKeys(domain: Asked, limit: number): Promise<SampledEntry[]> {
  // Postgres first: an older version in L2 afterwards is one that Postgres had already left behind.
  const keys = await domain.operators.sample(limit);
  const { blessing } = await domain.redis.protocol.status();
  const entries: SampledEntry[] = [];
  for (const sampled of keys) {
    for (const number of sampled.schemaVersions) {
      entries.push(await judge(domain, sampled, number, blessing));
    }
  }
  return entries;
}

async function judge(
  domain: Asked,
  sampled: SampledKey,
  schemaVersion: number,
  blessing: number,
): Promise<SampledEntry> {
  const { service, entity, idParts, version } = sampled;
  const key = physicalKey(service, entity, schemaVersion, idParts);
  let l2Version = await versionInL2(domain, key, blessing);
  let verdict = compare(l2Version, version);
  if (verdict === 'stale') {
    if ((await domain.operators.pending(sampled)) > 0) verdict = 'in-flight';
    else {
      // Its row may have been applied between the two looks.
      l2Version = await versionInL2(domain, key, blessing);
      verdict = compare(l2Version, version);
    }
  }
  return { key, postgresVersion: version, l2Version, verdict };
}

/** Null for what no reader takes for an answer. Entries of older blessings are void: each blessing voids L2. */
async function versionInL2({ redis }: Asked, key: string, blessing: number): Promise<Version | null> {
  const [text] = await redis.peek([key]);
  if (text === undefined || text === null) return null;
  const value = decodeValue(text);
  if (value.kind !== 'entry' || value.entry.blessing < blessing) return null;
  return value.entry.version;
}

/** L2 may be ahead of what was read from Postgres before it. */
function compare(l2: Version | null, postgres: Version | null): Verdict {
  if (l2 === null) return 'absent';
  // A cached 'not found' has version 0, and is right while there is no row.
  if (postgres === null) return l2 === '0' ? 'consistent' : 'stale';
  return compareVersions(l2, postgres) >= 0 ? 'consistent' : 'stale';
}
