import {
  type DomainLimits,
  MAX_VERSION,
  type SchemaVersion,
  type Version,
} from '@freshet/cache-core/protocol';
import type { LockMode } from './locks.ts';
import { MemoryBackend, type Need, type Transaction } from './memory-backend.ts';
import { type OutboxProgress, type OutboxRecord, storedRow } from './memory-outbox.ts';
import { isSame, type LivingRow } from './memory-transaction.ts';
import type { PostgresSession, Row, StoredBlessing, StoredOutboxRow, Table } from './postgres-server.ts';

type Record = OutboxRecord<MemoryBackend>;

/** One connection. Each method is one statement; see the port. */
export class MemorySession extends MemoryBackend implements PostgresSession {
  read(table: Table, id: string): Row | null {
    this.assertUsable();
    const row = this.#visible(table, id);
    return row === null ? null : { value: row.value, version: row.version };
  }

  put(table: Table, id: string, value: number): Promise<Row> {
    // The BEFORE INSERT trigger draws first. Only where the row turns out to be there does an upsert draw again, under its lock.
    let early = 0;
    return this.locking(
      () => {
        early = this.database.next('version');
        return this.#rowLock(table, id);
      },
      (transaction) => {
        const row = this.#visible(table, id);
        const version = String(row === null ? early : this.database.next('version'));
        const life = row?.life ?? this.database.next('life');
        return this.#change(transaction, table, id, { value, version, life });
      },
    );
  }

  take(table: Table, id: string, amount: number): Promise<Row | null> {
    return this.locking(
      () => {
        const row = this.#visible(table, id);
        return row === null || row.value < amount ? null : this.#rowLock(table, id, row);
      },
      (transaction) => {
        // Judged again on what was committed while it waited; the lock stays, whatever comes of it.
        const row = this.#visible(table, id);
        if (row === null || row.value < amount) return null;
        const version = String(this.database.next('version'));
        return this.#change(transaction, table, id, { value: row.value - amount, version, life: row.life });
      },
      null,
    );
  }

  remove(table: Table, id: string): Promise<boolean> {
    return this.locking(
      () => {
        const row = this.#visible(table, id);
        return row === null ? null : this.#rowLock(table, id, row);
      },
      (transaction) => {
        transaction.rows.set(`${table}:${id}`, null);
        this.#record(transaction, table, id, null, String(this.database.next('version')));
        return true;
      },
      false,
    );
  }

  rewrite(table: Table, id: string, value: number): Promise<boolean> {
    return this.locking(
      () => {
        const row = this.#visible(table, id);
        return row === null ? null : this.#rowLock(table, id, row);
      },
      (transaction) => {
        const row = this.#visible(table, id);
        if (row === null) return false;
        transaction.rows.set(`${table}:${id}`, { ...row, value });
        transaction.changes.push({ table, id, value, version: row.version });
        return true;
      },
      false,
    );
  }

  invalidate(service: string, entity: string, idParts: readonly string[] | null = null): void {
    this.write((transaction) =>
      this.#intoOutbox(transaction, { service, entity, idParts, version: MAX_VERSION }),
    );
  }

  nextVersion(): Version {
    this.assertUsable();
    return String(this.database.next('version'));
  }

  limits(): DomainLimits | null {
    this.assertUsable();
    return this.#newest()?.limits ?? null;
  }

  schemaVersions(): SchemaVersion[] {
    this.assertUsable();
    const own = this.transaction?.schemaVersions ?? [];
    return own.length === 0 ? [...this.database.schemaVersions] : [...this.database.schemaVersions, ...own];
  }

  touchSchemaVersion(version: SchemaVersion): boolean {
    return this.schemaVersions().some((known) => isSame(known, version));
  }

  addSchemaVersion({ service, entity, number }: SchemaVersion): void {
    const version = { service, entity, number };
    if (this.touchSchemaVersion(version)) return;
    this.write((transaction) => transaction.schemaVersions.push(version));
  }

  lockSchemaVersions(mode: LockMode): Promise<void> {
    return this.locking(
      () => ({ table: this.database.advisoryLocks, name: 'schema versions', mode }),
      () => {},
    );
  }

  strongCheck(service: string, entity: string) {
    const newest = this.#newest();
    return {
      newestBlessing: newest?.origin === this.database.options.origin ? newest.number : 0,
      schemaVersions: this.schemaVersions()
        .filter((known) => known.service === service && known.entity === entity)
        .map(({ number }) => number)
        .toSorted((one, other) => one - other),
      strongTransactionMs: newest?.limits.strongTransactionMs ?? null,
      commitsSynchronously: false,
    };
  }

  lockOutbox(selection: { due: { limit: number } } | { ids: readonly string[] }): StoredOutboxRow[] {
    return this.write((transaction) => {
      const now = this.database.options.nowMs();
      const limit = 'due' in selection ? selection.due.limit : Number.POSITIVE_INFINITY;
      const locked: StoredOutboxRow[] = [];
      for (const record of this.#outbox(transaction)) {
        if (locked.length >= limit) break;
        const progress = this.#progress(record);
        if (progress.state !== 'pending' || (record.lockedBy !== null && record.lockedBy !== this)) continue;
        if ('ids' in selection ? !selection.ids.includes(record.id) : progress.nextAttemptAtMs > now)
          continue;
        this.#lockRecord(transaction, record);
        locked.push(storedRow(record, progress));
      }
      return locked;
    });
  }

  newestBlessing(): number {
    this.assertUsable();
    return this.#newest()?.number ?? 0;
  }

  markApplied(ids: readonly string[], blessing: number): number {
    if (this.newestBlessing() !== blessing) return 0;
    return this.#draft(ids, (progress) => ({
      ...progress,
      state: progress.state === 'dead' ? 'dead' : 'applied',
      appliedNo: String(this.database.next('applied')),
      appliedAtMs: this.database.options.nowMs(),
    }));
  }

  postpone(ids: readonly string[], delayMs: number): void {
    const nextAttemptAtMs = this.database.options.nowMs() + delayMs;
    this.#draft(ids, (progress) => ({ ...progress, attempts: progress.attempts + 1, nextAttemptAtMs }));
  }

  bury(id: string): void {
    this.#draft([id], (progress) => ({ ...progress, state: 'dead' }));
  }

  outboxSnapshot() {
    const newestBlessing = this.newestBlessing();
    let highest: Record | null = null;
    for (const record of this.#outbox(this.transaction)) {
      if (this.#progress(record).state === 'pending') highest = record;
    }
    return {
      origin: this.database.options.origin,
      highestPendingId: highest?.id ?? null,
      newestBlessing,
      appliedNo: String(this.database.last('applied')),
    };
  }

  progress(id: string | null): { pending: boolean; newestBlessing: number } {
    const newestBlessing = this.newestBlessing();
    let pending = false;
    for (const record of this.#outbox(this.transaction)) {
      if (id === null || record.order > Number(id)) break;
      if (this.#progress(record).state !== 'pending') continue;
      pending = true;
      break;
    }
    return { pending, newestBlessing };
  }

  blessingSnapshot(since: { blessing: number; appliedNo: Version } | null) {
    const { origin, newestBlessing, appliedNo } = this.outboxSnapshot();
    const { outbox } = this.database;
    const missed = (from: number) => ({
      rows: [
        ...outbox.pending,
        ...outbox.settled.filter(({ progress }) => Number(progress.appliedNo) > from),
      ].map((record) => storedRow(record, record.progress)),
      schemaVersions: this.schemaVersions(),
    });
    const known =
      since !== null &&
      Number(since.appliedNo) >= outbox.highestPurgedNo &&
      this.database.blessings.some((one) => one.number === since.blessing && one.origin === origin);
    return {
      newestBlessing,
      origin,
      appliedNo,
      missed: known ? missed(Number(since.appliedNo)) : null,
    };
  }

  purge(olderThanMs: number): number {
    this.assertUsable();
    return this.database.outbox.purge(this.database.options.nowMs() - olderThanMs);
  }

  readBlessing(history: string) {
    this.assertUsable();
    const newest = this.#newest();
    const nowMs = this.database.options.nowMs();
    const known = [...this.database.blessings, ...(this.transaction?.blessings ?? [])];
    return {
      origin: this.database.options.origin,
      newest:
        newest === null
          ? null
          : { ...newest, ageMs: nowMs - newest.recordedAtMs, confirmedMs: nowMs - newest.confirmedAtMs },
      historyKnown: known.some((blessing) => blessing.history === history),
    };
  }

  recordBlessing(
    blessing: Omit<StoredBlessing, 'number' | 'recordedAtMs' | 'confirmedAtMs' | 'finished'> & {
      headBlessing: number;
      expectedNewest: number;
    },
  ): Promise<{ number: number; waitMs: number } | null> {
    return this.locking(
      () => ({ table: this.database.advisoryLocks, name: 'blessing', mode: 'exclusive' }),
      (transaction) => {
        const before = this.#newest();
        const newest = before?.number ?? 0;
        if (newest !== blessing.expectedNewest) return null;
        const { history, origin, limits, recordedBy, headBlessing } = blessing;
        const wasLost = before === null ? headBlessing > 0 : before.origin !== origin;
        const nowMs = wasLost ? Math.round(this.database.options.nowMs()) : 0;
        const number = Math.max(newest, headBlessing, nowMs) + 1;
        const known = [...this.database.blessings, ...transaction.blessings];
        const lastFinished = known.findLast((one) => one.finished)?.number ?? 0;
        const inForce = known.filter((one) => one.number >= lastFinished);
        const waitMs = Math.max(
          ...[blessing, ...inForce].map((one) =>
            Math.max(one.limits.maxStalenessMs, one.limits.strongTransactionMs),
          ),
        );
        const recordedAtMs = this.database.options.nowMs();
        transaction.blessings.push({
          number,
          history,
          origin,
          limits,
          recordedBy,
          recordedAtMs,
          confirmedAtMs: recordedAtMs,
          finished: false,
        });
        return { number, waitMs };
      },
    );
  }

  confirmBlessing(number: number): void {
    this.write((transaction) => transaction.confirmed.add(number));
  }

  #rowLock(table: Table, id: string, row?: LivingRow): Need {
    const need = { table: this.database.rowLocks, name: `${table}:${id}`, mode: 'exclusive' as const };
    if (row === undefined) return need;
    // Who waits for a row waits for no other that gets the same id.
    return { ...need, isGone: () => this.database.tables[table].get(id)?.life !== row.life };
  }

  #change(transaction: Transaction, table: Table, id: string, row: LivingRow): Row {
    transaction.rows.set(`${table}:${id}`, row);
    this.#record(transaction, table, id, row.value, row.version);
    return { value: row.value, version: row.version };
  }

  /** The AFTER trigger. */
  #record(transaction: Transaction, table: Table, id: string, value: number | null, version: Version): void {
    transaction.changes.push({ table, id, value, version });
    this.#intoOutbox(transaction, { service: 'sim', entity: table, idParts: [id], version });
  }

  #intoOutbox(
    transaction: Transaction,
    row: Pick<Record, 'service' | 'entity' | 'idParts' | 'version'>,
  ): void {
    const order = this.database.next('outbox');
    transaction.outbox.push({
      ...row,
      id: String(order),
      order,
      progress: {
        state: 'pending',
        attempts: 0,
        nextAttemptAtMs: this.database.options.nowMs(),
        appliedNo: null,
        appliedAtMs: Number.POSITIVE_INFINITY,
      },
      lockedBy: null,
      draft: null,
    });
  }

  #visible(table: Table, id: string): LivingRow | null {
    const own = this.transaction?.rows.get(`${table}:${id}`);
    return own === undefined ? (this.database.tables[table].get(id) ?? null) : own;
  }

  #newest(): StoredBlessing | null {
    return this.transaction?.blessings.at(-1) ?? this.database.blessings.at(-1) ?? null;
  }

  /** Committed pending rows and this transaction's own, oldest first. */
  #outbox(transaction: Transaction | null): readonly Record[] {
    const { pending } = this.database.outbox;
    if (transaction === null || transaction.outbox.length === 0) return pending;
    return [...pending, ...transaction.outbox].toSorted((one, other) => one.order - other.order);
  }

  #progress(record: Record): OutboxProgress {
    return record.lockedBy === this && record.draft !== null ? record.draft : record.progress;
  }

  #lockRecord(transaction: Transaction, record: Record): void {
    record.lockedBy = this;
    transaction.lockedOutbox.add(record);
  }

  /** Changes rows that nobody else has locked: the relay's statements name only rows that they locked before. */
  #draft(ids: readonly string[], change: (progress: OutboxProgress) => OutboxProgress): number {
    return this.write((transaction) => {
      let changed = 0;
      for (const record of this.#outbox(transaction).filter(({ id }) => ids.includes(id))) {
        if (record.lockedBy !== null && record.lockedBy !== this)
          throw new Error('This row is locked by another.');
        this.#lockRecord(transaction, record);
        record.draft = change(this.#progress(record));
        changed++;
      }
      return changed;
    });
  }
}
