import type { DomainAudit, DomainOverview, Replica } from '../api/contract.ts';
import { durationOf, plural } from '../appearance/format.ts';
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

/** What a domain's own figures say, without the audit's findings. */
export function judgeDomain(domain: DomainOverview, replicas: readonly Replica[]): Statement[] {
  const { outbox, domain: who } = domain;
  const statements: Statement[] = [];
  if (domain.state !== 'blessed') {
    statements.push({
      level: 'attention',
      who,
      what: `reads from Postgres, slower: its caches stand aside (${domain.state})`,
      because: domain.standingStill ?? 'the relay brings its Redis up to date',
      todo: 'Wait some seconds after a failover; if it stays, look at the history and at the relay’s log.',
      target: { kind: 'section', section: 'history' },
      runbook: 'domain-unblessed',
    });
  } else if (isLateWatermark(domain.watermarkAgeMs)) {
    statements.push({
      level: 'attention',
      who,
      what: 'has its memories turned off and reads from Redis and Postgres',
      because:
        domain.watermarkAgeMs === null
          ? 'Redis has no watermark'
          : `the watermark is ${durationOf(domain.watermarkAgeMs)} old${
              outbox.pending > 0 ? `: ${plural(outbox.pending, 'change')} in the outbox hold it back` : ''
            }`,
      todo: 'See which invalidations are retried, and why.',
      target: { kind: 'section', section: 'invalidations' },
      runbook: 'watermark-standing-still',
    });
  } else if (isLateOutbox(outbox)) {
    statements.push({
      level: 'attention',
      who,
      what: `keeps ${plural(outbox.pending, 'change')} waiting in the outbox, for ${durationOf(outbox.oldestAgeMs)}`,
      because:
        outbox.retryingForLong > 0
          ? `${outbox.retryingForLong} of them cannot be applied`
          : 'they come faster than they are drained, or one is held by a lock',
      todo: 'See which are retried, and why.',
      target: { kind: 'section', section: 'invalidations' },
      runbook: outbox.retryingForLong > 0 ? 'invalidations-failing' : 'outbox-old',
    });
  }
  if (outbox.deadLetters > 0) {
    statements.push({
      level: 'attention',
      who,
      what: `has ${plural(outbox.deadLetters, 'dead letter')}`,
      because: 'they name no key that a cache could hold',
      todo: 'Read the cause, correct what wrote them, replay them.',
      target: { kind: 'section', section: 'dead-letters' },
      runbook: 'dead-letters',
    });
  }
  for (const replica of replicas.filter(
    ({ domain: of, live, answered }) => of === who && answered && !live,
  )) {
    statements.push({
      level: 'attention',
      who: replica.instance ?? replica.replicaId,
      what: 'holds no freshness lease, so it reads from Postgres',
      because: 'it does not reach Redis, or the relay has not blessed it',
      todo: 'Look at its log and its connection to Redis.',
      target: { kind: 'section', section: 'replicas' },
      runbook: 'replica-without-lease',
    });
  }
  return statements;
}

/** What the audit says of a domain's tables and of its keys' expiry. */
export function judgeAudit(audit: DomainAudit): Statement[] {
  const broken = audit.tables.filter(({ problem }) => problem !== null);
  const { ttlScan } = audit;
  const wrong = ttlScan
    ? ttlScan.withoutTtl.length + ttlScan.wrongTtl.length + ttlScan.unknownSchema.length
    : 0;
  return [
    ...broken.map(
      ({ table, problem }): Statement => ({
        level: 'stale',
        who: audit.domain,
        what: `may serve old rows of ${table}: its changes reach no cache`,
        because: problem ?? '',
        todo: 'Put the triggers back with cacheTable(…) in a migration, then invalidate the whole entity.',
        runbook: 'cached-table-unwatched',
      }),
    ),
    ...(wrong > 0
      ? [
          {
            level: 'attention',
            who: audit.domain,
            what: `has ${plural(wrong, 'key')} in Redis with an expiry that no policy gave`,
            because: 'something writes to this Redis past the library',
            todo: 'See which keys.',
            target: { kind: 'section', section: 'findings' },
          } satisfies Statement,
        ]
      : []),
  ];
}
