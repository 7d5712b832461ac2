import type { MemoryBackend } from './memory-backend.ts';
import { MemoryDatabase, type MemoryDatabaseOptions } from './memory-database.ts';
import { storedRow } from './memory-outbox.ts';
import { MemorySession } from './memory-session.ts';
import type { CommittedChange, PostgresServer, PostgresSession, Table } from './postgres-server.ts';

export type MemoryPostgresOptions = MemoryDatabaseOptions<MemoryBackend>;

/** Postgres in memory; see the port for the semantics, and `conformance.test.ts` for the proof that they are Postgres' own. */
export class MemoryPostgres implements PostgresServer {
  readonly database: MemoryDatabase<MemoryBackend>;
  readonly #sessions = new Set<MemorySession>();

  constructor(options: MemoryPostgresOptions) {
    this.database = new MemoryDatabase(options);
  }

  connect(): PostgresSession {
    const session = new MemorySession(this.database, () => this.#sessions.delete(session));
    this.#sessions.add(session);
    return session;
  }

  restart(): void {
    const sessions = [...this.#sessions];
    // First all waits: none of them is granted by the end of another session.
    for (const session of sessions) session.stopWaiting();
    for (const session of sessions) session.close();
  }

  onCommit(listener: (changes: CommittedChange[]) => void): void {
    this.database.onCommit(listener);
  }

  inspect() {
    const { tables, outbox, blessings } = this.database;
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
