import { type Answer, isFreshetError, type QueryClient } from '@freshet/cache-core';
import type { Record } from './history.ts';
import { KEYS, type Operation } from './plan.ts';
import type { Table } from './postgres/postgres-server.ts';
import type { Hosts } from './world/hosts.ts';
import { PostgresClient } from './world/postgres-client.ts';
import { Process } from './world/process.ts';
import type { ReplicaHost, Value } from './world/replica-host.ts';
import { SimOrigin } from './world/sim-origin.ts';
import type { World } from './world/world.ts';

/** What psql names in calls of freshet.invalidate, by the kind of the operation. */
const invalidatedByHand = {
  'strong-invalidate-all': () => [['stock']],
  'sql-invalidate': (key) => [
    ['item', [key]],
    ['stock', [key]],
  ],
  // An empty part, and a name that could be taken for an id's beginning.
  'sql-malformed': () => [['item', ['']], ['st:ock']],
} satisfies {
  [kind in Operation['kind']]?: (key: string) => [entity: string, idParts?: readonly string[]][];
};

function isByHand(kind: Operation['kind']): kind is keyof typeof invalidatedByHand {
  return kind in invalidatedByHand;
}

/** Asks the replicas for what the plan says, and writes down what came of it. */
export class Clients {
  readonly records: Record[] = [];
  readonly #world: World;
  readonly #hosts: Hosts;
  /** psql: it knows nothing of caches. */
  readonly #sql: SimOrigin;
  /** What each client, one per replica and key, last wrote or saw: what it asks for at least. */
  readonly #seen = new Map<string, string>();

  constructor(world: World, hosts: Hosts) {
    this.#world = world;
    this.#hosts = hosts;
    this.#sql = new SimOrigin(world.network(new Process(world.scheduler, 'psql')));
  }

  perform(operation: Operation, index: number): void {
    const { kind, key, value } = operation;
    const table: Table = kind.startsWith('strong') ? 'stock' : 'item';
    if (kind === 'sql-write' || kind === 'sql-delete') {
      this.#run(index, 'psql', 'write', 'item', key, () =>
        this.#writeBySql(key, kind === 'sql-delete' ? null : value),
      );
      return;
    }
    if (kind === 'sql-rewrite') {
      this.#run(index, 'psql', 'write', 'item', key, () =>
        this.#sql.transaction(async (client) => {
          const written = await rewrite(client, key, value);
          await invalidate(client, 'item');
          return written;
        }),
      );
      return;
    }
    if (isByHand(kind)) {
      this.#run(index, 'psql', 'invalidate', table, key, async () => {
        for (const [entity, idParts] of invalidatedByHand[kind](key))
          await this.#sql.transaction((client) => invalidate(client, entity, idParts));
        return {};
      });
      return;
    }
    const host = this.#hosts.replica(operation.replica);
    if (host === undefined || !host.process.alive) return;
    const { name } = host.process;
    switch (kind) {
      case 'read':
      case 'strong-read':
        this.#run(index, name, 'read', table, key, () => this.#read(host, table, key));
        return;
      case 'read-many':
      case 'strong-read-many':
        this.#readMany(host, table, index);
        return;
      case 'read-own': {
        const minVersion = this.#seen.get(key);
        this.#run(
          index,
          name,
          'read',
          table,
          key,
          () => this.#read(host, table, key, minVersion),
          minVersion,
        );
        return;
      }
      case 'write':
      case 'delete':
        this.#run(index, name, 'write', table, key, () =>
          this.#write(host, key, kind === 'delete' ? null : value),
        );
        return;
      case 'rewrite':
        this.#run(index, name, 'write', table, key, () =>
          host.origin.transaction(async (client) => {
            const written = await rewrite(client, key, value);
            await host.items.invalidateAll(client);
            return written;
          }),
        );
        return;
      case 'invalidate-all':
        this.#run(index, name, 'invalidate', table, key, async () => {
          await host.items.invalidateAll();
          return {};
        });
        return;
      case 'strong-write':
      case 'strong-take':
      case 'strong-delete':
        this.#run(index, name, 'write', table, key, () => this.#writeStrong(host, operation));
    }
  }

  #run(
    index: number,
    replica: string,
    kind: Record['kind'],
    table: Table,
    key: string,
    act: () => Promise<Partial<Record>>,
    minVersion?: string,
  ): void {
    const { scheduler } = this.#world;
    const record: Record = {
      index,
      kind,
      table,
      key,
      replica,
      startedAt: scheduler.now,
      endedAt: Number.POSITIVE_INFINITY,
      outcome: 'pending',
      value: null,
      version: '0',
      ...(minVersion === undefined ? {} : { minVersion }),
    };
    this.records.push(record);
    this.#hosts.process(replica)?.onDeath(() => {
      if (record.outcome === 'pending') record.outcome = 'lost';
    });
    // A request that reaches a stopped process waits until it runs again.
    const process = this.#hosts.process(replica);
    const begin = (): void => {
      act().then(
        (answer) => {
          if (record.outcome === 'lost') return;
          Object.assign(record, answer, { outcome: 'ok', endedAt: scheduler.now });
        },
        (error: unknown) => {
          if (record.outcome === 'lost') return;
          const unknown = kind === 'write' && isFreshetError(error, 'FRESHET_COMMIT_UNKNOWN');
          record.outcome = unknown ? 'unknown' : 'failed';
          record.error = error instanceof Error ? error.message : String(error);
          if (!unknown) record.endedAt = scheduler.now;
        },
      );
    };
    if (process === undefined) begin();
    else process.runAt(scheduler.now, begin);
  }

  async #read(host: ReplicaHost, table: Table, key: string, minVersion?: string): Promise<Partial<Record>> {
    const cache = table === 'item' ? host.items : host.stock;
    return told(await cache.read(key, minVersion === undefined ? {} : { minVersion }));
  }

  /** One record for each key: what is promised is promised of each. */
  #readMany(host: ReplicaHost, table: Table, index: number): void {
    const cache = table === 'item' ? host.items : host.stock;
    const keys = [...KEYS, KEYS[0]];
    let answers: Promise<Answer<Value>[]> | undefined;
    keys.forEach((key, position) => {
      this.#run(index, host.process.name, 'read', table, key, async () => {
        answers ??= cache.readMany(keys);
        return told((await answers)[position]);
      });
    });
  }

  async #write(host: ReplicaHost, key: string, value: number | null): Promise<Partial<Record>> {
    const written = await host.origin
      .transaction((client) => change(PostgresClient.of(client), 'item', key, value))
      .catch(async (error: unknown) => {
        if (isFreshetError(error, 'FRESHET_COMMIT_UNKNOWN')) await host.items.invalidate(key);
        throw error;
      });
    await host.items.invalidate(key, written.version);
    this.#seen.set(key, written.version);
    return written;
  }

  async #writeBySql(key: string, value: number | null): Promise<Partial<Record>> {
    const written = await this.#sql.transaction((client) =>
      change(PostgresClient.of(client), 'item', key, value),
    );
    this.#seen.set(key, written.version);
    return written;
  }

  async #writeStrong(host: ReplicaHost, { kind, key, value }: Operation): Promise<Partial<Record>> {
    const written = await host.stock.write(key, (client) =>
      PostgresClient.of(client).run(async (session): Promise<void> => {
        if (kind === 'strong-delete') await session.remove('stock', key);
        else if (kind === 'strong-take') await session.take('stock', key, value);
        else await session.put('stock', key, value);
      }),
    );
    return { value: written.value?.n ?? null, version: written.version };
  }
}

function told(answer: Answer<Value> | undefined): Partial<Record> {
  if (answer === undefined) throw new Error('An id was not answered.');
  const { hit, fwd, detail } = answer.cache;
  return {
    value: answer.value?.n ?? null,
    version: answer.version,
    answeredBy: detail === 'stale-if-error' ? 'expired' : (hit ?? `origin (${detail ?? fwd})`),
  };
}

/** No trigger sees it. */
async function rewrite(client: QueryClient, key: string, value: number): Promise<Partial<Record>> {
  await PostgresClient.of(client).run((session) => session.rewrite('item', key, value));
  return {};
}

function invalidate(client: QueryClient, entity: string, idParts?: readonly string[]): Promise<void> {
  return PostgresClient.of(client).run((session) => session.invalidate('sim', entity, idParts));
}

async function change(
  client: PostgresClient,
  table: Table,
  key: string,
  value: number | null,
): Promise<{ value: number | null; version: string }> {
  if (value === null) {
    await client.run((session) => session.remove(table, key));
    return { value, version: await client.run((session) => session.nextVersion()) };
  }
  const row = await client.run((session) => session.put(table, key, value));
  return { value, version: row.version };
}
