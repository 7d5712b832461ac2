/**
 * - `stale`: somebody may be answered with old data.
 * - `unknown`: nothing proves either.
 * - `attention`: nobody sees old data, and something is not as it should be.
 * - `fresh`: all is well.
 */
export type Level = 'stale' | 'unknown' | 'attention' | 'fresh';

/** Where on this page one can do what `todo` says. */
export type Target =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'section'; readonly section: Section };

export type Section = 'services' | 'replicas' | 'invalidations' | 'findings' | 'dead-letters' | 'history';

/** In docs/runbooks, without its `.md`. */
export const runbooks = [
  'audit-not-sampling',
  'cached-table-unwatched',
  'dead-letters',
  'domain-unblessed',
  'invalidations-failing',
  'keys-without-ttl',
  'outbox-old',
  'relay-down',
  'replica-without-lease',
  'stale-data',
  'watermark-standing-still',
] as const;

/** One thing that an operator should know: who, what, since when, why, and what to do. */
export interface Statement {
  readonly level: Level;
  readonly who: string;
  readonly what: string;
  /** Relay time: when it began. */
  readonly since?: string;
  /** Relay time: when this page saw it first; where nobody can say when it began. */
  readonly noticed?: string;
  readonly because?: string;
  readonly todo: string;
  readonly target?: Target;
  readonly runbook?: (typeof runbooks)[number];
}

/** Names a statement while its figures change: a place has one of each kind. */
export function keyOf({ who, what, level, runbook }: Statement): string {
  return `${who} ${level === 'stale' ? what : (runbook ?? what)}`;
}

export interface Verdict {
  readonly level: Level;
  readonly headline: string;
  /** The worst first. */
  readonly statements: readonly Statement[];
}

const order: readonly Level[] = ['stale', 'unknown', 'attention', 'fresh'];

export function worstFirst(statements: readonly Statement[]): Statement[] {
  return statements.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}
