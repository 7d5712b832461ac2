import type { SchemaVersion } from '@freshet/cache-core/protocol';
import type { OutboxRecord } from './memory-outbox.ts';
import type { CommittedChange, Row, StoredBlessing } from './postgres-server.ts';

/** A stored row. An upsert after a delete makes another row of the same id, for which nobody waits who waited for the first. */
export interface LivingRow extends Row {
  readonly life: number;
}

/** What a transaction has done and not committed: it alone sees this. */
export interface Transaction<Owner> {
  /** By `table:id`; null: deleted. */
  readonly rows: Map<string, LivingRow | null>;
  readonly changes: CommittedChange[];
  readonly outbox: OutboxRecord<Owner>[];
  readonly lockedOutbox: Set<OutboxRecord<Owner>>;
  readonly blessings: StoredBlessing[];
  readonly confirmed: Set<number>;
  readonly schemaVersions: SchemaVersion[];
  readonly lockMs: number | undefined;
  cancelTimeout: () => void;
}

export function newTransaction<Owner>(lockMs: number | undefined): Transaction<Owner> {
  return {
    rows: new Map(),
    changes: [],
    outbox: [],
    lockedOutbox: new Set(),
    blessings: [],
    confirmed: new Set(),
    schemaVersions: [],
    lockMs,
    cancelTimeout: () => {},
  };
}

export function isSame(one: SchemaVersion, other: SchemaVersion): boolean {
  return one.service === other.service && one.entity === other.entity && one.number === other.number;
}
