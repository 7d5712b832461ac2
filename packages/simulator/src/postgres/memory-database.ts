import type { SchemaVersion } from '@freshet/cache-core/protocol';
import { LockTable, type WaitOrder } from './locks.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import type { LivingRow } from './memory-transaction.ts';
import type { Committed, StoredBlessing, Table } from './postgres-server.ts';

export interface MemoryDatabaseOptions<Owner> {
  /** The server's clock. */
  nowMs: () => number;
  /** A timer on the server's clock; the answer cancels it. */
  after: (ms: number, callback: () => void) => () => void;
  /** Which Postgres this is: its system identifier and timeline, above all. */
  origin: string;
  /** Told of each commit that changed rows, or that the relay will hear of. */
  onCommit?: (committed: Committed) => void;
  /** A statement that has waited so long looks once whether it waits in a circle. Default: 1,000, as in Postgres. */
  deadlockTimeoutMs?: number;
  /**
   * Who gets a row's lock first. Default: whoever came first. Postgres does not promise that: where the row was changed meanwhile,
   * or upserts wait, all of them wake at once.
   */
  rowOrder?: WaitOrder<Owner>;
}

type Sequence = 'version' | 'outbox' | 'applied' | 'life';

const BEGINNING: Record<Sequence, number> = { version: 1_000, outbox: 0, applied: 1_000, life: 0 };

/** The committed state of one database, and what its backends share: `Owner` is one of them. */
export class MemoryDatabase<Owner> {
  readonly options: MemoryDatabaseOptions<Owner>;
  readonly tables: Record<Table, Map<string, LivingRow>>;
  readonly outbox: MemoryOutbox<Owner>;
  readonly blessings: StoredBlessing[];
  readonly schemaVersions: SchemaVersion[];
  readonly rowLocks: LockTable<Owner>;
  /** These are granted in the order of their arrival. */
  readonly advisoryLocks = new LockTable<Owner>();
  readonly #sequences: Record<Sequence, number>;

  /** `copied`: what is committed there is what this one begins with. */
  constructor(options: MemoryDatabaseOptions<Owner>, copied?: MemoryDatabase<Owner>) {
    this.options = options;
    this.rowLocks = new LockTable(options.rowOrder);
    this.#sequences = copied === undefined ? { ...BEGINNING } : { ...copied.#sequences };
    this.outbox = new MemoryOutbox(copied?.outbox.highestPurgedNo ?? BEGINNING.applied, copied?.outbox);
    this.tables = { item: new Map(copied?.tables.item), stock: new Map(copied?.tables.stock) };
    this.blessings = copied?.blessings.map((blessing) => ({ ...blessing })) ?? [];
    this.schemaVersions = [...(copied?.schemaVersions ?? [])];
  }

  /** As after a crash: Postgres logs a sequence some numbers ahead, and goes on behind those. */
  skipNumbers(count: number): void {
    for (const sequence of ['version', 'outbox', 'applied'] as const) this.#sequences[sequence] += count;
  }

  /** nextval: what a transaction drew stays drawn when it rolls back. */
  next(sequence: Sequence): number {
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
