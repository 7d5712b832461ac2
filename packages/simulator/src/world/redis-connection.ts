import type {
  Appended,
  Blessing,
  DropAnswer,
  Laggards,
  LeaseAnswer,
  LogEntry,
  Protocol,
  PublishAnswer,
  Renewal,
  ReplicaRecord,
  ServerStatus,
  Version,
} from '@freshet/cache-core/protocol';
import type { RedisServer } from '../redis/redis-server.ts';
import { type Direction, type Latency, Link } from './link.ts';
import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { RedisNode } from './redis-node.ts';
import type { Scheduler } from './scheduler.ts';

/** Who, what, with what, and what came of it. */
export type Trace = (who: string, what: string, args: readonly unknown[], answer: unknown) => void;

export interface RedisConnectionOptions {
  scheduler: Scheduler;
  random: Random;
  process: Process;
  latency: Latency;
  commandTimeoutMs: number;
  /** Where this process's connections lead now. */
  resolve: () => RedisNode;
  /** Whether a command that may come twice does so now. */
  repeats: () => boolean;
  /** Told of everything that a server did. */
  trace: Trace | undefined;
  /** Rings everybody who listens on this node. */
  ring: (node: RedisNode, bell: 'replicas' | 'relays') => void;
}

/** What is harmless however often it runs, and however late. A LEASE or a FENCE is not: each has a token of its own. */
const REPEATABLE = new Set(['DROP', 'APPEND', 'RING', 'PUBLISH', 'WATERMARK', 'CLEAR-FENCE', 'BLESS']);
const LONGEST_REPEAT_MS = 1_500;

/** The protocol as one process speaks it over one connection: as `redisProtocol` over ioredis, in the simulated world. */
export class RedisConnection implements Protocol {
  readonly #options: RedisConnectionOptions;
  readonly #link: Link;
  readonly #listeners = new Set<(event: 'lost' | 'ready') => void>();
  #node: RedisNode | null = null;
  #generation = 0;
  #astray: RedisNode | null = null;

  constructor(options: RedisConnectionOptions) {
    const { scheduler, random, process, latency } = options;
    this.#options = options;
    this.#link = new Link(scheduler, random, process, latency);
    this.#connect();
  }

  get generation(): number {
    return this.#generation;
  }

  /** The server at the other end; null while there is none. */
  get node(): RedisNode | null {
    return this.#node;
  }

  onConnection(listener: (event: 'lost' | 'ready') => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stall(direction: Direction, ms: number): void {
    this.#link.stall(direction, ms);
  }

  /** Connects anew: to this node, until it is told otherwise; with null, to where connections lead. */
  leadTo(node: RedisNode | null): void {
    this.#astray = node;
    this.cut();
  }

  cut(): void {
    if (this.#node === null) return;
    this.#node = null;
    this.#generation++;
    // As ioredis: the listeners of 'close' first, then what was under way is rejected.
    for (const listener of this.#listeners) listener('lost');
    this.#link.cut();
    this.#connectIn(this.#options.random.between(20, 120));
  }

  get(key: string): Promise<string | null> {
    return this.#call('GET', [key], (server) => server.get(key));
  }
  lease(key: string, token: string, validFrom: number, fillLeaseMs: number): Promise<LeaseAnswer> {
    return this.#call('LEASE', [key, token, validFrom, fillLeaseMs], (server) =>
      server.lease(key, token, validFrom, fillLeaseMs),
    );
  }
  fill(key: string, token: string, entry: string, ttlMs: number): Promise<boolean> {
    return this.#call('FILL', [key, token, entry, ttlMs], (server) => server.fill(key, token, entry, ttlMs));
  }
  refresh(key: string, seenVersion: Version, entry: string, ttlMs: number): Promise<boolean> {
    return this.#call('REFRESH', [key, seenVersion, entry, ttlMs], (server) =>
      server.refresh(key, seenVersion, entry, ttlMs),
    );
  }
  drop(key: string, version: Version): Promise<DropAnswer> {
    return this.#call('DROP', [key, version], (server) => server.drop(key, version));
  }
  dropMany(drops: readonly { key: string; version: Version }[]): Promise<DropAnswer[]> {
    return Promise.all(drops.map(({ key, version }) => this.drop(key, version)));
  }
  clearFence(key: string): Promise<boolean> {
    return this.#call('CLEAR-FENCE', [key], (server) => server.clearFence(key));
  }
  fence(key: string, token: string, fenceMs: number): Promise<{ primary: boolean; history: string }> {
    return this.#call('FENCE', [key, token, fenceMs], (server) => server.fence(key, token, fenceMs));
  }
  publish(
    key: string,
    token: string,
    version: Version,
    stored: { entry: string; ttlMs: number } | null,
  ): Promise<PublishAnswer> {
    return this.#call('PUBLISH', [key, token, version, stored], (server) =>
      server.publish(key, token, version, stored),
    );
  }
  status(): Promise<ServerStatus> {
    return this.#call('STATUS', [], (server) => server.status());
  }
  append(blessing: number, entries: readonly LogEntry[]): Promise<Appended> {
    return this.#call('APPEND', [blessing, entries], (server) => server.append(blessing, entries));
  }
  renew(replicaId: string, lastId: string, leaseMs: number): Promise<Renewal> {
    return this.#call('RENEW', [replicaId, lastId, leaseMs], (server) =>
      server.renew(replicaId, lastId, leaseMs),
    );
  }
  release(replicaId: string): Promise<void> {
    return this.#call('RELEASE', [replicaId], (server) => server.release(replicaId));
  }
  laggards(logId: string): Promise<Laggards> {
    return this.#call('LAGGARDS', [logId], (server) => server.laggards(logId));
  }
  watermark(mark: {
    history: string;
    blessing: number;
    timeMs: number;
    appliedNo: Version;
  }): Promise<boolean> {
    return this.#call('WATERMARK', [mark], (server) => server.watermark(mark));
  }
  bless(blessing: Blessing): Promise<boolean> {
    return this.#call('BLESS', [blessing], (server) => server.bless(blessing));
  }
  replicas(): Promise<ReplicaRecord[]> {
    return this.#call('REPLICAS', [], (server) => server.replicas());
  }
  scan(prefix: string): Promise<string[]> {
    return this.#call('SCAN', [prefix], (server) => server.scan(prefix));
  }

  ring(): Promise<void> {
    return this.#ring('replicas');
  }
  ringRelays(): Promise<void> {
    return this.#ring('relays');
  }

  #ring(bell: 'replicas' | 'relays'): Promise<void> {
    const node = this.#node;
    return this.#call('RING', [bell], () => {
      if (node !== null) this.#options.ring(node, bell);
    });
  }

  async #call<A>(name: string, args: readonly unknown[], execute: (server: RedisServer) => A): Promise<A> {
    const { scheduler, commandTimeoutMs, process, trace } = this.#options;
    const node = this.#node;
    if (node === null) throw new Error("Stream isn't writeable and enableOfflineQueue options is false");
    const run = (server: RedisServer): A => {
      const answer = execute(server);
      trace?.(`${process.name} → ${node.name}`, name, args, answer);
      return answer;
    };
    if (REPEATABLE.has(name) && this.#options.repeats()) this.#runAgain(node, run);
    const arrive = (): A | Promise<A> => {
      if (!node.up) return new Promise<A>(() => {});
      if (scheduler.now >= node.pausedUntil) return run(node.server);
      return new Promise<A>((resolve, reject) => {
        scheduler.at(node.pausedUntil, () => {
          if (!node.up) return;
          try {
            resolve(run(node.server));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      });
    };
    return await this.#link.call(arrive, commandTimeoutMs);
  }

  /** As by somebody who did not hear the answer, and began again. */
  #runAgain(node: RedisNode, run: (server: RedisServer) => unknown): void {
    const { scheduler, random } = this.#options;
    scheduler.after(random.between(0, LONGEST_REPEAT_MS), () => {
      if (!node.up) return;
      try {
        run(node.server);
      } catch {
        // Nobody hears what came of it.
      }
    });
  }

  #connectIn(ms: number): void {
    const { scheduler, process } = this.#options;
    process.runAt(scheduler.now + ms, () => this.#connect());
  }

  #connect(): void {
    const node = this.#astray ?? this.#options.resolve();
    if (!node.up) {
      this.#connectIn(this.#options.random.between(20, 120));
      return;
    }
    this.#node = node;
    this.#generation++;
    for (const listener of this.#listeners) listener('ready');
  }
}
