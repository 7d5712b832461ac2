import type { CacheAside, WriteThrough } from '@freshet/cache-core';
import { type LoadContext, type Loaded, ttl } from '@freshet/cache-core';
import { limits, pause, ReplicaCache } from '@freshet/cache-core/protocol';
import type { GrownCache } from '../plan.ts';
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
  readonly #now: () => number;
  #failsUntil = 0;
  #slowUntil = 0;

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
      reconnect: () => this.connection.cut(),
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
      loadConcurrency: world.plan.grown?.loadConcurrency ?? limits.loadConcurrency,
      random: () => random.next(),
      token: () => `${name}-${incarnation}-${random.integer(0, 1e9)}`,
    });
    const { grown, serve } = world.plan;
    const common = { schemaVersion, maxStaleness: 2_000, ...options(grown) };
    this.#now = () => world.scheduler.now;
    this.items = this.cache.aside<Value>({
      ...common,
      entity: 'item',
      whenUnproven: serve ? 'serve' : 'bypass',
      ttl: grown === undefined ? ttl.profile : ttl.of({ ms: grown.ttlMs }),
      load: this.#load('item'),
      ...(grown?.loadMany === true && { loadMany: this.#loadMany('item') }),
    });
    this.stock = this.cache.writeThrough<Value>({
      ...common,
      entity: 'stock',
      ttl: grown === undefined ? ttl.stock : ttl.of({ ms: grown.ttlMs }),
      load: this.#load('stock'),
      ...(grown?.loadMany === true && { loadMany: this.#loadMany('stock') }),
    });
    this.cache.start().catch(() => {
      // As a process that cannot start: it is killed and started again by the schedule's end at the latest.
    });
  }

  stop(): Promise<void> {
    return this.cache.close();
  }

  /** L1 answers. */
  get leased(): boolean {
    return this.process.alive && this.cache.state().mode === 'l1';
  }

  /** Loads throw from now on, for so long. */
  failLoads(ms: number): void {
    this.#failsUntil = this.#now() + ms;
  }

  /** Loads that begin before then have read soon, and answer only then. */
  slowLoads(ms: number): void {
    this.#slowUntil = this.#now() + ms;
  }

  #load(table: Table) {
    return async (id: unknown, { client }: LoadContext): Promise<Loaded<Value> | null> => {
      if (client !== undefined) return await readRow(PostgresClient.of(client), table, id);
      return await this.#ask((one) => readRow(one, table, id));
    };
  }

  #loadMany(table: Table) {
    return async (ids: readonly unknown[]): Promise<(Loaded<Value> | null)[]> =>
      await this.#ask(async (one) => {
        const rows: (Loaded<Value> | null)[] = [];
        for (const id of ids) rows.push(await readRow(one, table, id));
        return rows;
      });
  }

  async #ask<A>(read: (client: PostgresClient) => Promise<A>): Promise<A> {
    if (this.#now() < this.#failsUntil) throw new Error('The database refuses.');
    const answer = await this.origin.once(read);
    if (this.#now() < this.#slowUntil) await pause(this.process.clock, this.#slowUntil - this.#now());
    return answer;
  }
}

async function readRow(client: PostgresClient, table: Table, id: unknown): Promise<Loaded<Value> | null> {
  const row = await client.run((session) => session.read(table, String(id)));
  return row === null ? null : { value: { n: row.value }, version: row.version };
}

function options(grown: GrownCache | undefined) {
  if (grown === undefined) return {};
  const { ttlMs, refreshAhead, staleIfErrorMs } = grown;
  return { negativeTtl: Math.min(ttlMs, 30_000), refreshAhead, staleIfError: staleIfErrorMs };
}
