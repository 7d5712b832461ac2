import type { MemoryBackend } from './memory-backend.ts';
import { MemoryDatabase, type MemoryDatabaseOptions } from './memory-database.ts';
import { storedRow } from './memory-outbox.ts';
import { MemorySession } from './memory-session.ts';
import type {
  PostgresFaults,
  PostgresServer,
  PostgresSession,
  PostgresSnapshot,
  Table,
} from './postgres-server.ts';

export type MemoryPostgresOptions = MemoryDatabaseOptions<MemoryBackend>;

class Snapshot implements PostgresSnapshot {
  readonly taken = 'postgres';
  readonly database: MemoryDatabase<MemoryBackend>;

  constructor(database: MemoryDatabase<MemoryBackend>) {
    this.database = new MemoryDatabase(database.options, database);
  }
}

/** Postgres in memory; see the port for the semantics, and `conformance.test.ts` for the proof that they are Postgres' own. */
export class MemoryPostgres implements PostgresServer, PostgresFaults {
  #database: MemoryDatabase<MemoryBackend>;
  #isUp = true;
  readonly #sessions = new Set<MemorySession>();

  constructor(options: MemoryPostgresOptions) {
    this.#database = new MemoryDatabase(options);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get origin(): string {
    return this.#database.options.origin;
  }

  get database(): MemoryDatabase<MemoryBackend> {
    return this.#database;
  }

  connect(): PostgresSession {
    const session = new MemorySession(this.#database, () => this.#sessions.delete(session));
    this.#sessions.add(session);
    if (!this.#isUp) session.close();
    return session;
  }

  snapshot(): PostgresSnapshot {
    return new Snapshot(this.#database);
  }

  die(): void {
    this.#isUp = false;
    const sessions = [...this.#sessions];
    // First all waits: none of them is granted by the end of another session.
    for (const session of sessions) session.stopWaiting();
    for (const session of sessions) session.close();
  }

  comeBack({ data, origin, skipped }: Parameters<PostgresFaults['comeBack']>[0]): void {
    if (data !== undefined && !(data instanceof Snapshot)) {
      throw new TypeError('This snapshot is of another kind of server.');
    }
    const { options } = this.#database;
    this.#database = new MemoryDatabase(
      { ...options, ...(origin !== undefined && { origin }) },
      data?.database ?? this.#database,
    );
    this.#database.skipNumbers(skipped);
    this.#isUp = true;
  }

  inspect() {
    const { tables, outbox, blessings } = this.#database;
    return {
      row: (table: Table, id: string) => {
        const row = tables[table].get(id);
        return row === undefined ? null : { value: row.value, version: row.version };
      },
      pendingOutbox: () => outbox.pending.map((record) => storedRow(record, record.progress)),
      newestBlessing: () => blessings.at(-1) ?? null,
    };
  }
}
