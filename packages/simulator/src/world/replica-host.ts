import type { CacheAside, WriteThrough } from '@freshet/cache-core';
import { type LoadContext, type Loaded, ttl } from '@freshet/cache-core';
import { ReplicaCache } from '@freshet/cache-core/protocol';
import type { Table } from '../postgres/postgres-server.ts';
import { PostgresClient } from './postgres-client.ts';
import type { Process } from './process.ts';
import { Random } from './random.ts';
import type { RedisConnection } from './redis-connection.ts';
import { SimOrigin } from './sim-origin.ts';
import type { World } from './world.ts';

export interface Value {
  n: number;
}

/** One replica of the service `sim`: the real cache in a simulated process. */
export class ReplicaHost {
  readonly process: Process;
  readonly origin: SimOrigin;
  readonly connection: RedisConnection;
  readonly cache: ReplicaCache;
  readonly items: CacheAside<Value>;
  readonly stock: WriteThrough<Value>;

  constructor(world: World, name: string, incarnation: number, schemaVersion: number) {
    const process = world.process(name);
    const random = new Random(world.plan.seed, `${name} ${incarnation}`);
    this.process = process;
    this.origin = new SimOrigin(world.network(process));
    this.connection = world.connect(process);
    this.cache = new ReplicaCache({
      service: 'sim',
      replicaId: `${name}.${incarnation}`,
      protocol: this.connection,
      origin: this.origin,
      listen: (onRing) => {
        const stop = world.listen('replicas', process, this.connection, onRing);
        return {
          close() {
            stop();
            return Promise.resolve();
          },
        };
      },
      clock: process.clock,
      // Two keys: room for more would be made anew in every schedule.
      l1: { maxEntries: 8 },
      random: () => random.next(),
      token: () => `${name}-${incarnation}-${random.integer(0, 1e9)}`,
    });
    const common = { schemaVersion, maxStaleness: 2_000 };
    this.items = this.cache.aside<Value>({
      ...common,
      entity: 'item',
      whenUnproven: world.plan.serve ? 'serve' : 'bypass',
      ttl: ttl.profile,
      load: this.#load('item'),
    });
    this.stock = this.cache.writeThrough<Value>({
      ...common,
      entity: 'stock',
      ttl: ttl.stock,
      load: this.#load('stock'),
    });
    this.cache.start().catch(() => {
      // As a process that cannot start: it is killed and started again by the schedule's end at the latest.
    });
  }

  /** L1 answers. */
  get leased(): boolean {
    return this.process.alive && this.cache.state().mode === 'l1';
  }

  #load(table: Table) {
    return async (id: unknown, { client }: LoadContext): Promise<Loaded<Value> | null> => {
      const read = (from: PostgresClient) => from.run((session) => session.read(table, String(id)));
      const row = client === undefined ? await this.origin.once(read) : await read(PostgresClient.of(client));
      return row === null ? null : { value: { n: row.value }, version: row.version };
    };
  }
}
