import type { SchemaVersion } from '@freshet/cache-core/protocol';
import { LockTable, type WaitOrder } from './locks.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import type { LivingRow } from './memory-transaction.ts';
import type { CommittedChange, StoredBlessing, Table } from './postgres-server.ts';

export interface MemoryDatabaseOptions<Owner> {
  /** The server's clock. */
  nowMs: () => number;
  /** A timer on the server's clock; the answer cancels it. */
  after: (ms: number, callback: () => void) => () => void;
  /** System identifier and timeline. */
  origin: string;
  /** A statement that has waited so long looks once whether it waits in a circle. Default: 1,000, as in Postgres. */
  deadlockTimeoutMs?: number;
  /**
   * Who gets a row's lock first. Default: whoever came first. Postgres does not promise that: where the row was changed meanwhile,
   * or upserts wait, all of them wake at once.
   */
  rowOrder?: WaitOrder<Owner>;
}

/** The committed state of one database, and what its backends share: `Owner` is one of them. */
export class MemoryDatabase<Owner> {
  readonly options: MemoryDatabaseOptions<Owner>;
  readonly tables: Record<Table, Map<string, LivingRow>> = { item: new Map(), stock: new Map() };
  readonly outbox: MemoryOutbox<Owner>;
  readonly blessings: StoredBlessing[] = [];
  readonly schemaVersions: SchemaVersion[] = [];
  readonly rowLocks: LockTable<Owner>;
  /** These are granted in the order of their arrival. */
  readonly advisoryLocks = new LockTable<Owner>();
  readonly #listeners: ((changes: CommittedChange[]) => void)[] = [];
  readonly #sequences = { version: 1_000, outbox: 0, applied: 1_000, life: 0 };

  constructor(options: MemoryDatabaseOptions<Owner>) {
    this.options = options;
    this.outbox = new MemoryOutbox(this.#sequences.applied);
    this.rowLocks = new LockTable(options.rowOrder);
  }

  onCommit(listener: (changes: CommittedChange[]) => void): void {
    this.#listeners.push(listener);
  }

  committed(changes: CommittedChange[]): void {
    for (const listener of this.#listeners) listener(changes);
  }

  /** nextval: what a transaction drew stays drawn when it rolls back. */
  next(sequence: 'version' | 'outbox' | 'applied' | 'life'): number {
    return ++this.#sequences[sequence];
  }

  /** last_value */
  last(sequence: 'applied'): number {
    return this.#sequences[sequence];
  }

  /** Whether `owner` waits, over any number of others, for itself. */
  waitsForItself(owner: Owner): boolean {
    const seen = new Set<Owner>();
    const next = [owner];
    for (let one = next.pop(); one !== undefined; one = next.pop()) {
      for (const blocker of [...this.rowLocks.blockersOf(one), ...this.advisoryLocks.blockersOf(one)]) {
        if (blocker === owner) return true;
        if (seen.has(blocker)) continue;
        seen.add(blocker);
        next.push(blocker);
      }
    }
    return false;
  }
}
