import type { Reverted } from '../history.ts';
import type { Plan } from '../plan.ts';
import { MemoryPostgres } from '../postgres/memory-postgres.ts';
import type { Committed } from '../postgres/postgres-server.ts';
import { MemoryRedis } from '../redis/memory-redis.ts';
import type { RedisSnapshot } from '../redis/redis-server.ts';
import type { PostgresClient, PostgresNetwork } from './postgres-client.ts';
import { EPOCH_MS, Process } from './process.ts';
import { Random } from './random.ts';
import { RedisConnection, type Trace } from './redis-connection.ts';
import type { RedisNode } from './redis-node.ts';
import { Scheduler } from './scheduler.ts';

interface Listener {
  bell: 'replicas' | 'relays';
  connection: RedisConnection;
  process: Process;
  onRing: () => void;
}

/** The machines and the network: virtual time, one Postgres, the Redis servers that there have been, and doorbells that get lost. */
export class World {
  readonly plan: Plan;
  readonly trace: Trace | undefined;
  readonly scheduler = new Scheduler();
  readonly postgres: MemoryPostgres;
  readonly postgresClients = new Map<string, Set<PostgresClient>>();
  readonly connections = new Map<string, RedisConnection>();
  readonly nodes: (RedisNode & { server: MemoryRedis; clockOffset: number })[] = [];
  readonly #random: Random;
  readonly #listeners = new Set<Listener>();
  #doorbellsLostUntil = 0;
  #clockSteppedAt = Number.NEGATIVE_INFINITY;
  queueDownUntil = 0;
  shortLogUntil = 0;
  repeatedUntil = 0;
  postgresClockOffset = 0;
  /** When the last fault is over. */
  troubleUntil = 0;
  onCommit: (committed: Committed) => void = () => {};
  /** Called when the database has come back, with what is not as it was. */
  onRevert: (reverted: Reverted) => void = () => {};
  /** Called with the true time that a watermark claims, when it is accepted. */
  onWatermark: (claims: number, server: MemoryRedis) => void = () => {};
  /** Called with the true time that a blessing claims, when the server accepts it. */
  onBlessing: (claims: number, server: MemoryRedis) => void = () => {};
  /** Of the newest blessing that was given. */
  validFrom = 0;
  /** When somebody emptied Redis by hand, which *strong* is not proof against. */
  readonly flushedAt: number[] = [];
  /** When rows of the strong table changed without a fence. */
  readonly unfencedAt: number[] = [];

  constructor(plan: Plan, trace?: Trace) {
    this.plan = plan;
    this.trace = trace;
    this.#random = new Random(plan.seed, 'world');
    const lockOrder = new Random(plan.seed, 'locks');
    this.postgres = new MemoryPostgres({
      origin: 'sim:1',
      // Postgres promises no order among those who wait for one row.
      rowOrder: (waiters) => lockOrder.shuffled(waiters),
      nowMs: () => EPOCH_MS + this.scheduler.now + this.postgresClockOffset,
      onCommit: (committed) => this.onCommit(committed),
      after: (ms, callback) => this.scheduler.after(ms, callback),
    });
    this.addNode();
  }

  get node(): (typeof this.nodes)[number] {
    const node = this.nodes.at(-1);
    if (node === undefined) throw new Error('There is no Redis.');
    return node;
  }

  /** A new Redis server, to which connections lead from now on. */
  addNode(): (typeof this.nodes)[number] {
    const node = this.#newNode(`redis-${this.nodes.length}`);
    this.nodes.push(node);
    return node;
  }

  /** A replica of Redis with this data, which it keeps as it is: it has stopped following. */
  follower(data: RedisSnapshot): RedisNode {
    const node = this.#newNode('redis-follower');
    node.server.restart(data);
    node.server.demote();
    return node;
  }

  /** Its clock is a little wrong. */
  #newNode(name: string): (typeof this.nodes)[number] {
    const clockOffset = Math.round(this.#random.between(-800, 800));
    const server = new MemoryRedis({
      nowMs: () => Math.floor(EPOCH_MS + this.scheduler.now + node.clockOffset),
      newHistory: () => this.hex(40),
    });
    const node: (typeof this.nodes)[number] = {
      name,
      server: this.#watched(server, () => node.clockOffset),
      up: true,
      pausedUntil: 0,
      clockOffset,
    };
    return node;
  }

  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += Math.floor(this.#random.next() * 16).toString(16);
    return text;
  }

  process(name: string): Process {
    const random = new Random(this.plan.seed, `${name} clocks`);
    return new Process(this.scheduler, name, {
      // Within the margin of 1 %.
      rate: random.between(0.996, 1.004),
      wallOffset: random.between(-3_000, 3_000),
    });
  }

  connect(process: Process): RedisConnection {
    const connection = new RedisConnection({
      scheduler: this.scheduler,
      random: new Random(this.plan.seed, `${process.name} redis`),
      process,
      latency: { low: 0.05, high: this.plan.slowestMs },
      commandTimeoutMs: 200,
      resolve: () => this.node,
      trace: this.trace,
      repeats: () => this.scheduler.now < this.repeatedUntil,
      ring: (node, bell) => this.#ring(node, bell),
    });
    this.connections.set(process.name, connection);
    return connection;
  }

  network(process: Process): PostgresNetwork {
    const open = new Set<PostgresClient>();
    this.postgresClients.set(process.name, open);
    return {
      scheduler: this.scheduler,
      random: new Random(this.plan.seed, `${process.name} postgres`),
      process,
      latency: { low: 0.1, high: 3 * this.plan.slowestMs },
      server: this.postgres,
      open,
    };
  }

  listen(
    bell: Listener['bell'],
    process: Process,
    connection: RedisConnection,
    onRing: () => void,
  ): () => void {
    const listener = { bell, process, connection, onRing };
    this.#listeners.add(listener);
    process.onDeath(() => this.#listeners.delete(listener));
    return () => this.#listeners.delete(listener);
  }

  /** Faults go on for so long from now. */
  troubleFor(ms: number): void {
    this.troubleUntil = Math.max(this.troubleUntil, this.scheduler.now + ms);
  }

  stepRedisClock(ms: number): void {
    this.#clockSteppedAt = this.scheduler.now;
    this.node.clockOffset += ms;
  }

  loseDoorbells(ms: number): void {
    this.#doorbellsLostUntil = this.scheduler.now + ms;
  }

  #watched(server: MemoryRedis, clockOffset: () => number): MemoryRedis {
    const watermark = server.watermark.bind(server);
    const bless = server.bless.bind(server);
    const append = server.append.bind(server);
    server.append = (blessing, entries) => {
      const appended = append(blessing, entries);
      if (this.scheduler.now < this.shortLogUntil) server.trimLog(1);
      return appended;
    };
    server.watermark = (mark) => {
      const accepted = watermark(mark);
      // A time that was read before a step of the clock says nothing that could be judged.
      if (accepted && this.scheduler.now > this.#clockSteppedAt + 5_000)
        this.onWatermark(mark.timeMs - EPOCH_MS - clockOffset(), server);
      return accepted;
    };
    server.bless = (blessing) => {
      const accepted = bless(blessing);
      if (!accepted) return false;
      this.validFrom = blessing.validFrom;
      if (this.scheduler.now > this.#clockSteppedAt + 5_000)
        this.onBlessing(blessing.asOf - EPOCH_MS - clockOffset(), server);
      return true;
    };
    return server;
  }

  #ring(node: RedisNode, bell: Listener['bell']): void {
    for (const listener of this.#listeners) {
      if (listener.bell !== bell || listener.connection.node !== node) continue;
      if (this.scheduler.now < this.#doorbellsLostUntil || this.#random.chance(0.05)) continue;
      const delay = this.#random.chance(0.1)
        ? this.#random.between(10, 400)
        : this.#random.between(0.05, this.plan.slowestMs);
      listener.process.runAt(this.scheduler.now + delay, listener.onRing);
    }
  }
}
