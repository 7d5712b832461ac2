import type { AuditList, DomainAudit, DomainOverview, ReplicaList, WindowName } from '../api/contract.ts';
import type { Known } from '../live/resource.ts';
import type { Statement } from './statement.ts';

/** A round of the audit comes every second, is told every three, and is asked for every ten. */
const SCANNED_LATELY_MS = 90_000;

export const NOT_COMPARED_YET = 'has not been compared with Postgres yet';

export interface Answers {
  readonly audit: Known<AuditList>;
  readonly replicas: Known<ReplicaList>;
}

/** Where nobody has looked, or this page could not ask: of that nothing good can be said. */
export function judgeBlindSpots(domain: DomainOverview, answers: Answers, now: number): Statement[] {
  // While its caches stand aside, there is nothing to look at.
  if (domain.state !== 'blessed') return [];
  return [...judgeSampling(domain, answers, now), ...judgeAnswers(domain, answers)];
}

function judgeSampling(domain: DomainOverview, answers: Answers, now: number): Statement[] {
  const { domain: who, consistency } = domain;
  const samples = (window: WindowName) => consistency.l1[window].samples + consistency.l2[window].samples;
  const audit = answers.audit.value?.items.find((item) => item.domain === who);
  if (samples('1m') > 0 || isEmpty(audit, domain, answers, now)) return [];
  const isNew = samples('1h') === 0;
  return [
    {
      level: 'unknown',
      who,
      what: isNew ? NOT_COMPARED_YET : 'has not been compared with Postgres for a minute',
      ...(audit !== undefined && { because: whyNot(audit) }),
      todo: `${isNew ? 'After a start this takes some seconds. If it stays, read' : 'Read'} the log of the relay that audits: usually there is a table that its role may not read.`,
      target: { kind: 'section', section: 'services' },
      runbook: 'audit-not-sampling',
    },
  ];
}

/**
 * The audit has looked, and there was nothing to compare: Redis holds no key of the domain. A memory keeps no value for longer
 * than Redis does; that it counts entries says nothing, as those that have expired are among them.
 */
function isEmpty(
  audit: DomainAudit | undefined,
  { domain }: DomainOverview,
  { replicas }: Answers,
  now: number,
): boolean {
  if (audit === undefined || audit.auditor === null || replicas.value === undefined) return false;
  const { scannedAt, keys } = audit.ttlScan;
  return (
    keys === 0 &&
    scannedAt !== null &&
    now - Date.parse(scannedAt) < SCANNED_LATELY_MS &&
    replicas.value.items.every((each) => each.domain !== domain || each.answered || !each.live)
  );
}

function whyNot({ auditor }: DomainAudit): string {
  return auditor === null
    ? 'no relay audits it; FRESHET_AUDIT_KEYS_PER_SECOND=0 turns the audit off'
    : `${auditor} audits it, and has no sample`;
}

function judgeAnswers({ domain }: DomainOverview, { audit, replicas }: Answers): Statement[] {
  const failures = [
    { who: `What the audit says of ${domain}`, because: failureOf(audit, domain), section: 'findings' },
    {
      who: `Which replicas of ${domain} hold a lease`,
      because: failureOf(replicas, domain),
      section: 'replicas',
    },
  ] as const;
  return failures.flatMap(({ who, because, section }) =>
    because === undefined
      ? []
      : [
          {
            level: 'unknown',
            who,
            what: 'is not known',
            because,
            todo: 'This page asks again by itself. If it stays, open another relay’s console.',
            target: { kind: 'section', section },
          },
        ],
  );
}

/** Of the last request: what it answered before may not be true any more. */
function failureOf(
  { problem, value }: Known<AuditList> | Known<ReplicaList>,
  domain: string,
): string | undefined {
  return problem?.message ?? value?.unavailable?.find((each) => each.domain === domain)?.reason;
}
