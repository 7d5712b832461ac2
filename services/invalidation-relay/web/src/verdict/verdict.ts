import type { DomainOverview, Finding, Invalidation, Overview } from '../api/contract.ts';
import { plural, timeOf } from '../appearance/format.ts';
import type { Connection } from '../live/event-stream.ts';
import type { Known } from '../live/resource.ts';
import { type Answers, judgeBlindSpots, NOT_COMPARED_YET } from './judge-blind-spots.ts';
import { judgeAudit, judgeDeadLetters, judgeFlow, judgeReplicas } from './judge-domain.ts';
import { judgeFindings } from './judge-findings.ts';
import { type Statement, type Verdict, worstFirst } from './statement.ts';

/** An overview comes every second. */
const OLD_NEWS_MS = 5_000;

const ASKING = { level: 'unknown', headline: 'Asking the relay …' } as const;

export interface Evidence extends Answers {
  readonly overview: Known<Overview>;
  readonly connection: Connection;
  readonly deadLetters: readonly Invalidation[];
  readonly findings: readonly Finding[];
  /** Invalidations by id, those that findings name among them. */
  readonly events: ReadonlyMap<string, Invalidation>;
  /** Relay time, ms. */
  readonly now: number;
}

/** Is somebody seeing old data, since when, why, and what to do about it. */
export function verdictOn(evidence: Evidence): Verdict {
  const { overview, connection, now } = evidence;
  const { value, at = 0, problem } = overview;
  if (value === undefined) {
    return problem === undefined
      ? { ...ASKING, statements: [] }
      : { level: 'unknown', headline: 'Not known yet.', statements: [silentRelay(problem.message)] };
  }
  if (connection.state !== 'live' && now - at > OLD_NEWS_MS) {
    return {
      level: 'unknown',
      headline: `Not known since ${timeOf(at, now)}: this relay does not answer.`,
      statements: [
        silentRelay(problem?.message ?? 'the connection to it is lost', new Date(at).toISOString()),
      ],
    };
  }
  const statements = worstFirst([
    ...judgeFindings(evidence.findings, evidence.events),
    ...(evidence.audit.value?.items ?? []).flatMap(judgeAudit),
    ...(value.unavailable ?? []).map(unavailableDomain),
    ...value.domains.flatMap((domain) => judgeDomain(domain, evidence)),
    ...value.domains.filter((domain) => !isExplained(domain, evidence)).map(unexplainedFindings),
  ]);
  return { ...summary(statements, value, evidence), statements };
}

function summary(
  statements: readonly Statement[],
  { domains }: Overview,
  { audit, replicas, now }: Evidence,
): Pick<Verdict, 'level' | 'headline'> {
  const stale = statements.filter(({ level }) => level === 'stale');
  const [worst] = stale;
  if (worst !== undefined) {
    return {
      level: 'stale',
      headline:
        stale.length === 1
          ? `${worst.who} ${worst.what}${worst.since === undefined ? '' : `, since ${timeOf(worst.since, now)}`}.`
          : `Old data is served in ${stale.length} places.`,
    };
  }
  const unknown = statements.filter(({ level }) => level === 'unknown');
  if (unknown.length === domains.length && unknown.every(({ what }) => what === NOT_COMPARED_YET)) {
    return {
      level: 'unknown',
      headline: 'Nobody is known to see old data; nothing has been compared yet.',
    };
  }
  const [silent] = unknown;
  if (silent !== undefined) {
    return {
      level: 'unknown',
      headline:
        unknown.length === 1
          ? `${silent.who} ${silent.what}.`
          : `Whether somebody sees old data is not known, for ${unknown.length} reasons.`,
    };
  }
  if (isAwaited(audit) || isAwaited(replicas)) return ASKING;
  return statements.length > 0
    ? { level: 'attention', headline: 'Nobody sees old data, but not all is well.' }
    : { level: 'fresh', headline: 'Nobody sees old data.' };
}

/** That nobody has a lease says nothing more where the domain itself is not well. */
function judgeDomain(domain: DomainOverview, evidence: Evidence): Statement[] {
  const { deadLetters, replicas, now } = evidence;
  const flow = judgeFlow(domain, now);
  return [
    ...flow,
    ...judgeDeadLetters(domain, deadLetters),
    ...(flow.length === 0 ? judgeReplicas(domain, replicas.value?.items ?? []) : []),
    ...judgeBlindSpots(domain, evidence, now),
  ];
}

function isAwaited({ value, problem }: Known<unknown>): boolean {
  return value === undefined && problem === undefined;
}

/** The audit's list comes by another request than the count of what it holds. */
function isExplained({ domain, findings }: DomainOverview, evidence: Evidence): boolean {
  return (
    findings === 0 || evidence.findings.some((each) => each.domain === domain && each.resolvedAt === null)
  );
}

function unexplainedFindings({ domain, findings }: DomainOverview): Statement {
  return {
    level: 'stale',
    who: domain,
    what: `has ${plural(findings, 'old value')} cached`,
    because: 'the audit found it; which one it is, is being asked',
    todo: 'Wait a second.',
    target: { kind: 'section', section: 'findings' },
  };
}

function silentRelay(because: string, since?: string): Statement {
  return {
    level: 'unknown',
    who: 'This relay',
    what: 'is silent',
    ...(since !== undefined && { since }),
    because,
    todo: 'Open another relay’s console, or restart this one. Without any relay, memories turn themselves off within seconds and reads go on from Postgres.',
    runbook: 'relay-down',
  };
}

function unavailableDomain({ domain, reason }: { domain: string; reason: string }): Statement {
  return {
    level: 'unknown',
    who: domain,
    what: 'cannot be asked',
    because: reason,
    todo: 'Look whether its Postgres and its Redis are up. What is cached and proven fresh is still served.',
  };
}
