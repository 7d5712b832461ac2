import { compareVersions, type Version } from '@freshet/cache-core/protocol';
import type { OpenDomain } from '../domain/open-domain.ts';
import type { DomainAudit } from '../operator-api/schemas/audit.ts';
import { type NamedKey, nameOfParts } from './copy.ts';
import { physicalKeysOf } from './look.ts';

type SampledEntry = DomainAudit['sample'][number];

/**
 * Compares what was invalidated last with what L2 holds of it now, once, for who asks. Nothing is loaded into any cache.
 *
 * - `consistent`: L2 holds the row's version.
 * - `absent`: L2 holds nothing that a reader would use.
 * - `in-flight`: L2 holds an older version, and its invalidation waits in the outbox.
 * - `stale`: L2 holds an older version, and nothing waits that would remove it.
 */
export async function sampleKeys(domain: OpenDomain, limit: number): Promise<SampledEntry[]> {
  const { auditStore, inspection, redis } = domain;
  const [invalidated, schemas, { validFrom }] = await Promise.all([
    auditStore.invalidatedSince('0', limit),
    auditStore.schemas(),
    redis.protocol.status(),
  ]);
  const keys = new Map(
    invalidated.map((row) => {
      const named = nameOfParts(row);
      return [named.key, named] as const;
    }),
  );
  const entries: SampledEntry[] = [];
  for (const named of keys.values()) {
    // Postgres first: an older version in L2 afterwards is one that Postgres had already left behind.
    const [row] = await inspection.origin.read(named.service, named.entity, [named.idParts]);
    if (row === undefined || 'unknown' in row) continue;
    for (const { physical } of physicalKeysOf(named, schemas)) {
      entries.push(await judge(domain, { named, physical, row: row.version, validFrom: validFrom ?? 0 }));
    }
  }
  return entries;
}

async function judge(
  domain: OpenDomain,
  asked: { named: NamedKey; physical: string; row: Version | null; validFrom: number },
): Promise<SampledEntry> {
  const { named, physical: key, row: postgresVersion } = asked;
  let l2Version = await versionInL2(domain, asked);
  let verdict = compare(l2Version, postgresVersion);
  if (verdict === 'stale') {
    if ((await domain.operators.pending(named)) > 0) verdict = 'in-flight';
    else {
      // Its row may have been applied between the two looks.
      l2Version = await versionInL2(domain, asked);
      verdict = compare(l2Version, postgresVersion);
    }
  }
  return { key, postgresVersion, l2Version, verdict };
}

/** Null for what no reader takes for an answer. */
async function versionInL2(
  { inspection }: OpenDomain,
  { physical, validFrom }: { physical: string; validFrom: number },
): Promise<Version | null> {
  const [value] = (await inspection.peek([physical])).values;
  return value?.kind === 'entry' && value.blessing >= validFrom ? value.version : null;
}

/** L2 may be ahead of what was read from Postgres before it. */
function compare(l2: Version | null, postgres: Version | null): SampledEntry['verdict'] {
  if (l2 === null) return 'absent';
  // A cached 'not found' has version 0, and is right while there is no row.
  if (postgres === null) return l2 === '0' ? 'consistent' : 'stale';
  return compareVersions(l2, postgres) >= 0 ? 'consistent' : 'stale';
}
