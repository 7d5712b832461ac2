import type { SchemaVersion } from '@freshet/cache-core/protocol';
import type {
  AppliedUpTo,
  BlessingRecord,
  BlessingSnapshot,
  BlessingStore,
  BlessingToRecord,
  LockedBatch,
  OutboxDepth,
  OutboxRow,
  OutboxSnapshot,
  OutboxStore,
  RowSelection,
} from '@freshet/invalidation-relay/domain';
import { PostgresClient } from './postgres-client.ts';
import type { SimOrigin } from './sim-origin.ts';

/** `PostgresOutboxStore` in the simulated world. */
export class SimOutboxStore implements OutboxStore {
  readonly #origin: SimOrigin;

  constructor(origin: SimOrigin) {
    this.#origin = origin;
  }

  domainName(): Promise<string> {
    return Promise.resolve(this.#origin.name);
  }

  isCurrent(): Promise<boolean> {
    return Promise.resolve(true);
  }

  withLockedRows<Result>(
    selection: RowSelection,
    work: (batch: LockedBatch) => Promise<Result>,
  ): Promise<Result> {
    return this.#origin.transaction(async (queryClient) => {
      const client = PostgresClient.of(queryClient);
      const stored = await client.run((session) => session.lockOutbox(selection));
      const rows = stored.map((row): OutboxRow => ({ ...row, traceparent: null }));
      return work({
        rows,
        newestBlessing: () => client.run((session) => session.newestBlessing()),
        async schemaVersions() {
          return byEntity(await client.run((session) => session.schemaVersions()));
        },
        async markApplied(ids, blessing) {
          const marked = await client.run((session) => session.markApplied(ids, blessing));
          return Array.from({ length: marked }, () => ({ latencyMs: 0 }));
        },
        postpone: (ids, delayMs) => client.run((session) => session.postpone(ids, delayMs)),
        bury: (id) => client.run((session) => session.bury(id)),
        keepAlive: () => client.run(() => {}),
      });
    });
  }

  snapshot(): Promise<OutboxSnapshot> {
    return this.#origin.once((client) => client.run((session) => session.outboxSnapshot()));
  }

  progress(id: string | null): Promise<{ pending: boolean; newestBlessing: number }> {
    return this.#origin.once((client) => client.run((session) => session.progress(id)));
  }

  depth(): Promise<OutboxDepth> {
    return Promise.resolve({ pending: 0, oldestAgeMs: 0, retryingForLong: 0, deadLetters: 0 });
  }

  checkCachedTables(): Promise<[]> {
    return Promise.resolve([]);
  }

  purge(olderThanMs: number): Promise<number> {
    return this.#origin.once((client) => client.run((session) => session.purge(olderThanMs)));
  }

  schemaVersions(): Promise<SchemaVersion[]> {
    return this.#origin.schemaVersions();
  }

  forgetSchemaVersions(): Promise<number> {
    return Promise.resolve(0);
  }
}

/** `PostgresBlessingStore` in the simulated world. */
export class SimBlessingStore implements BlessingStore {
  readonly #origin: SimOrigin;

  constructor(origin: SimOrigin) {
    this.#origin = origin;
  }

  read(history: string): Promise<BlessingRecord> {
    return this.#origin.once((client) => client.run((session) => session.readBlessing(history)));
  }

  record(blessing: BlessingToRecord): Promise<{ number: number; waitMs: number } | null> {
    return this.#origin.once((client) => client.run((session) => session.recordBlessing(blessing)));
  }

  async snapshot(since: AppliedUpTo | null): Promise<BlessingSnapshot> {
    const { missed, ...rest } = await this.#origin.once((client) =>
      client.run((session) => session.blessingSnapshot(since)),
    );
    if (missed === null) return { ...rest, missed };
    const rows = missed.rows.map((row): OutboxRow => ({ ...row, traceparent: null }));
    return { ...rest, missed: { rows, schemaVersions: byEntity(missed.schemaVersions) } };
  }

  confirm(number: number): Promise<void> {
    return this.#origin.once((client) => client.run((session) => session.confirmBlessing(number)));
  }

  history(): Promise<[]> {
    return Promise.resolve([]);
  }
}

function byEntity(versions: readonly SchemaVersion[]): Map<string, number[]> {
  const numbers = new Map<string, number[]>();
  for (const { service, entity, number } of versions) {
    const name = `${service}:${entity}`;
    numbers.set(name, [...(numbers.get(name) ?? []), number]);
  }
  return numbers;
}
