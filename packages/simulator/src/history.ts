import type { Table } from './postgres/postgres-server.ts';

/** What one client did, as it saw it. Times are true ones. */
export interface Record {
  /** Of the operation in the plan. */
  index: number;
  kind: 'read' | 'write' | 'invalidate';
  table: Table;
  key: string;
  replica: string;
  startedAt: number;
  /** Infinity while it has not ended, and for writes whose outcome is unknown. */
  endedAt: number;
  outcome: 'pending' | 'ok' | 'failed' | 'unknown' | 'lost';
  /** What was read or written; null: no such row. */
  value: number | null;
  /** As the cache or the write said it; '0' for 'not found'. */
  version: string;
  minVersion?: string;
  /** Where a read was answered, for people. */
  answeredBy?: string;
  error?: string;
}

/** A state of one row, from its commit on. */
export interface State {
  /** null: no such row. */
  value: number | null;
  version: string;
  committedAt: number;
}

/** Every state that each row has ever had, in the order of the commits, beginning with 'no such row'. */
export class Timeline {
  readonly #states = new Map<string, State[]>();

  states(table: Table, key: string): State[] {
    const name = `${table}:${key}`;
    let states = this.#states.get(name);
    if (states === undefined) {
      states = [{ value: null, version: '0', committedAt: Number.NEGATIVE_INFINITY }];
      this.#states.set(name, states);
    }
    return states;
  }

  add(table: Table, key: string, state: State): void {
    this.states(table, key).push(state);
  }
}

/** What the database was taken back to, when it came back as an older copy of itself. */
export interface Reverted {
  /** When the server died that had known better. */
  at: number;
  rows: { table: Table; id: string; value: number | null; version: string }[];
  /** The highest number that a blessing had before. */
  newestBlessing: number;
  /** Outbox rows that had been fanned out, and now are pending again. */
  pendingAgain: string[];
}

export interface Violation {
  rule:
    | 'bounded staleness'
    | 'linearizable'
    | 'session order'
    | 'phantom'
    | 'stale after quiet'
    | 'durable invalidation'
    | 'watermark truth'
    | 'no deadlock'
    | 'no leak'
    | 'recovery'
    | 'crash';
  message: string;
  record?: Record;
}
