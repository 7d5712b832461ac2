import type { AppliedUpTo, BlessingToRecord, OutboxRow } from '@freshet/invalidation-relay/domain';
import type { Table } from './postgres-server.ts';

/** One step of a sequence. All ids, versions and numbers in it are those that the steps before it have shown. */
export type Operation =
  | { do: 'begin'; lockTimeout: boolean }
  | { do: 'begin exclusively' | 'begin strong' | 'commit' | 'rollback' | 'close' | 'expire' }
  | { do: 'read'; table: Table; id: string }
  | { do: 'put'; table: Table; id: string; value: number; thenExpire: boolean }
  | { do: 'take'; table: Table; id: string; amount: number; thenExpire: boolean }
  | { do: 'remove'; table: Table; id: string; thenExpire: boolean }
  | { do: 'next version' | 'limits' | 'schema versions' | 'newest blessing' | 'snapshot' | 'strong check' }
  | { do: 'invalidate'; table: Table; idParts: string[] | null }
  | { do: 'register'; number: number }
  | { do: 'lock due'; limit: number }
  | { do: 'lock'; ids: string[] }
  | { do: 'mark applied'; ids: string[]; blessing: number }
  | { do: 'postpone'; ids: string[]; delayMs: number }
  | { do: 'bury'; id: string }
  | { do: 'progress'; id: string | null }
  | { do: 'blessing snapshot'; since: AppliedUpTo | null }
  | { do: 'purge' }
  | { do: 'read blessing'; history: string }
  | { do: 'record blessing'; blessing: BlessingToRecord }
  | { do: 'confirm blessing'; number: number };

/** Of the session with this index. */
export interface Step {
  session: number;
  operation: Operation;
}

/** What an operation answers: plain data, or the code that Postgres refuses it with. */
export type Answer = { answer: unknown } | { error: string };

/** What a step showed: who got an answer, and who waits for a lock when all is quiet again. */
export interface Outcome {
  answers: Map<number, Answer>;
  waiting: number[];
}

export const LOCK_TIMEOUT_MS = 5;
export const ENTITY = { service: 'sim', entity: 'item' } as const;

export const STRONG = { ...ENTITY, transactionMs: 3_600_000, lockMs: LOCK_TIMEOUT_MS } as const;

/** What may be compared of an outbox row. */
export function plainRow({
  id,
  service,
  entity,
  idParts,
  version,
  attempts,
}: Omit<OutboxRow, 'traceparent'>) {
  return { id, service, entity, idParts, version, attempts };
}

export function byId(one: { id: string }, other: { id: string }): number {
  return Number(one.id) - Number(other.id);
}

/** Everything that is committed at the end of a sequence. */
export interface CommittedState {
  item: unknown[];
  stock: unknown[];
  outbox: { id: string; appliedNo: string | null }[];
  blessings: unknown[];
  schemaVersions: unknown[];
}
