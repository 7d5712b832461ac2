import type { StoredOutboxRow } from './postgres-server.ts';

/** What the relay has made of an outbox row. */
export interface OutboxProgress {
  readonly state: 'pending' | 'applied' | 'dead';
  readonly attempts: number;
  readonly nextAttemptAtMs: number;
  readonly appliedNo: string | null;
  readonly appliedAtMs: number;
}

/** An outbox row. `Owner` is the transaction that has locked it. */
export interface OutboxRecord<Owner> {
  readonly id: string;
  readonly order: number;
  readonly service: string;
  readonly entity: string;
  /** null: the whole entity. */
  readonly idParts: readonly string[] | null;
  readonly version: string;
  progress: OutboxProgress;
  lockedBy: Owner | null;
  /** What the transaction that has locked it has made of it, and has not committed. */
  draft: OutboxProgress | null;
}

/** The committed rows. Only those that are pending are ever searched: the others are many. */
export class MemoryOutbox<Owner> {
  /** In the order of their ids, in which they did not commit. */
  readonly #pending: OutboxRecord<Owner>[];
  settled: OutboxRecord<Owner>[];
  /** freshet.purge: everything before the outbox was installed counts as purged. */
  highestPurgedNo: number;

  get pending(): readonly OutboxRecord<Owner>[] {
    return this.#pending;
  }

  constructor(highestPurgedNo: number, copied?: MemoryOutbox<Owner>) {
    this.highestPurgedNo = highestPurgedNo;
    this.#pending = copied?.pending.map((record) => committed(record)) ?? [];
    this.settled = copied?.settled.map((record) => committed(record)) ?? [];
  }

  add(record: OutboxRecord<Owner>): void {
    if (record.progress.state === 'pending') this.#pending.splice(this.#position(record.order), 0, record);
    else this.settled.push(record);
  }

  commitDraft(record: OutboxRecord<Owner>): void {
    if (record.draft === null) return;
    const before = record.progress.state;
    record.progress = record.draft;
    record.draft = null;
    if (before !== 'pending' || record.progress.state === 'pending') return;
    const position = this.#position(record.order);
    if (this.#pending[position] !== record) return;
    this.#pending.splice(position, 1);
    this.settled.push(record);
  }

  purge(appliedBeforeMs: number): number {
    const isOld = ({ lockedBy, progress }: OutboxRecord<Owner>): boolean =>
      lockedBy === null && progress.appliedNo !== null && progress.appliedAtMs < appliedBeforeMs;
    const old = this.settled.filter(isOld);
    this.settled = this.settled.filter((record) => !old.includes(record));
    for (const { progress } of old) {
      this.highestPurgedNo = Math.max(this.highestPurgedNo, Number(progress.appliedNo));
    }
    return old.length;
  }

  /** Where a row with this id is, or would be. */
  #position(order: number): number {
    let low = 0;
    let high = this.#pending.length;
    // Nearly always it comes last.
    if (high === 0 || (this.#pending[high - 1] as OutboxRecord<Owner>).order < order) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#pending[middle] as OutboxRecord<Owner>).order < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What another server knows of a row: what was committed. */
function committed<Owner>(record: OutboxRecord<Owner>): OutboxRecord<Owner> {
  return { ...record, lockedBy: null, draft: null };
}

export function storedRow<Owner>(record: OutboxRecord<Owner>, { attempts }: OutboxProgress): StoredOutboxRow {
  const { id, service, entity, idParts, version } = record;
  return { id, service, entity, idParts, version, attempts };
}
