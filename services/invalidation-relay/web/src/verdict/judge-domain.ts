import type { DomainAudit, DomainOverview, Invalidation, Replica } from '../api/contract.ts';
import { plural } from '../appearance/format.ts';
import type { Statement } from './statement.ts';

/** A relay that works moves it several times a second; policies allow 2 s by default. */
const LATE_WATERMARK_MS = 3_000;
const LATE_OUTBOX_MS = 5_000;

export function isLateWatermark(ageMs: DomainOverview['watermarkAgeMs']): boolean {
  return ageMs === null || ageMs > LATE_WATERMARK_MS;
}

export function isLateOutbox({ retryingForLong, oldestAgeMs }: DomainOverview['outbox']): boolean {
  return retryingForLong > 0 || oldestAgeMs > LATE_OUTBOX_MS;
}

/**
 * Whether the domain's changes flow to its caches. At most one statement, of what comes first: without a blessing there is no
 * watermark, and without a watermark no replica has a lease.
 */
export function judgeFlow(domain: DomainOverview, now: number): Statement[] {
  const { domain: who, outbox, watermarkAgeMs } = domain;
  const before = (ageMs: number) => new Date(Math.round((now - ageMs) / 1_000) * 1_000).toISOString();
  if (domain.state !== 'blessed') {
    return [
      {
        level: 'attention',
        who,
        what: 'reads from Postgres, which is slower: its caches stand aside',
        because: domain.standingStill ?? 'the relay brings its Redis up to date',
        todo: 'After a failover or a restart this takes some seconds. If it stays, look at the history.',
        target: { kind: 'section', section: 'history' },
        runbook: 'domain-unblessed',
      },
    ];
  }
  if (isLateWatermark(watermarkAgeMs)) {
    return [
      {
        level: 'attention',
        who,
        what: 'has its memories turned off, and reads from Redis and Postgres',
        ...(watermarkAgeMs !== null && { since: before(watermarkAgeMs) }),
        because:
          outbox.pending > 0
            ? `${plural(outbox.pending, 'change')} in the outbox ${outbox.pending === 1 ? 'holds' : 'hold'} the watermark back`
            : 'no relay moves the watermark',
        todo: 'See which invalidations are retried, and why.',
        target: { kind: 'section', section: 'invalidations' },
        runbook: 'watermark-standing-still',
      },
    ];
  }
  if (isLateOutbox(outbox)) {
    return [
      {
        level: 'attention',
        who,
        what: `keeps ${plural(outbox.pending, 'change')} waiting in the outbox`,
        since: before(outbox.oldestAgeMs),
        because:
          outbox.retryingForLong > 0
            ? `${outbox.retryingForLong} of them cannot be applied`
            : 'they come faster than they are drained, or one is held by a lock',
        todo: 'See which are retried, and why.',
        target: { kind: 'section', section: 'invalidations' },
        runbook: outbox.retryingForLong > 0 ? 'invalidations-failing' : 'outbox-old',
      },
    ];
  }
  return [];
}

/** @param letters those that are known, of all domains */
export function judgeDeadLetters(
  { domain: who, outbox: { deadLetters } }: DomainOverview,
  letters: readonly Invalidation[],
): Statement[] {
  if (deadLetters === 0) return [];
  const [oldest] = letters
    .flatMap(({ domain, deadAt }) => (domain === who && deadAt ? [deadAt] : []))
    .toSorted();
  return [
    {
      level: 'attention',
      who,
      what: `has ${plural(deadLetters, 'dead letter')}`,
      ...(oldest !== undefined && { since: oldest }),
      because: `${deadLetters === 1 ? 'it names' : 'they name'} no key that a cache could hold`,
      todo: 'Read the cause, correct what wrote it, and replay.',
      target: { kind: 'section', section: 'dead-letters' },
      runbook: 'dead-letters',
    },
  ];
}

/** Replicas that run without a lease, where their domain is well. One that does not answer has ended. */
export function judgeReplicas({ domain }: DomainOverview, replicas: readonly Replica[]): Statement[] {
  return replicas
    .filter((replica) => replica.domain === domain && replica.answered && !replica.live)
    .map(({ instance, replicaId }) => ({
      level: 'attention',
      who: instance ?? replicaId,
      what: 'holds no freshness lease, so its memory is off',
      because: 'it does not get to Redis in time',
      todo: 'Look at its log, its load, and its connection to Redis.',
      target: { kind: 'section', section: 'replicas' },
      runbook: 'replica-without-lease',
    }));
}

/** What the audit says of a domain's tables and of its keys' expiry. */
export function judgeAudit({ domain, tables, ttlScan }: DomainAudit): Statement[] {
  const wrong = ttlScan.withoutTtl.length + ttlScan.wrongTtl.length + ttlScan.unknownSchema.length;
  const statements = tables
    .filter(({ problem }) => problem !== null)
    .map(
      ({ table, problem }): Statement => ({
        level: 'stale',
        who: domain,
        what: `may serve old rows of ${table}: its changes reach no cache`,
        because: problem ?? '',
        todo: 'Put the triggers back with cacheTable(…) in a migration, then invalidate the whole entity.',
        runbook: 'cached-table-unwatched',
      }),
    );
  if (wrong > 0) {
    statements.push({
      level: 'attention',
      who: domain,
      what: `has ${plural(wrong, 'key')} in Redis with an expiry that no policy gave`,
      because: 'something writes to this Redis past the library',
      todo: 'See which keys.',
      target: { kind: 'section', section: 'findings' },
      runbook: 'keys-without-ttl',
    });
  }
  return statements;
}
