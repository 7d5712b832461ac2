import { FreshetError, type QueryClient, type QueryResult } from '@freshet/cache-core';
import { PostgresError, type PostgresServer, type PostgresSession } from '../postgres/postgres-server.ts';
import { type Latency, Link } from './link.ts';
import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

export interface PostgresNetwork {
  scheduler: Scheduler;
  random: Random;
  process: Process;
  latency: Latency;
  server: PostgresServer;
  /** Every client that is open, so that faults can find them. */
  open: Set<PostgresClient>;
}

/**
 * One pg client of one process. It is a `QueryClient` in type only: statements of the simulated database are methods, and
 * the workload, which is handed a `QueryClient`, takes it by `PostgresClient.of`.
 */
export class PostgresClient implements QueryClient {
  readonly #network: PostgresNetwork;
  readonly #session: PostgresSession;
  readonly #link: Link;
  #broken = false;

  constructor(network: PostgresNetwork) {
    const { scheduler, random, process, latency, server, open } = network;
    this.#network = network;
    this.#session = server.connect();
    this.#link = new Link(scheduler, random, process, latency);
    open.add(this);
    // The server notices a dead client by the reset of its connection.
    process.onDeath(() => this.#hangUp());
  }

  static of(client: QueryClient | undefined): PostgresClient {
    if (client instanceof PostgresClient) return client;
    throw new Error('This is no client of the simulated database.');
  }

  /** The one statement that the library itself asks for. */
  async query<R>(text: string, values: readonly unknown[] = []): Promise<QueryResult<R>> {
    if (text !== 'select freshet.invalidate($1, $2)') throw new Error('The simulated database has no SQL.');
    const [service, entity] = values.map(String);
    await this.run((session) => session.invalidate(service ?? '', entity ?? ''));
    return { rows: [], rowCount: 1, command: 'SELECT' };
  }

  /** One statement. Fails once the connection is cut, or the server has ended the session. */
  run<A>(statement: (session: PostgresSession) => A | Promise<A>): Promise<A> {
    if (this.#broken)
      return Promise.reject(new Error('Client has encountered a connection error and is not queryable'));
    return this.#link.call(() => {
      if (this.#session.closed) throw new PostgresError('57P01', 'terminating connection');
      return statement(this.#session);
    });
  }

  /** @throws as cache-core's commit */
  async commit(): Promise<void> {
    let command: string;
    try {
      command = await this.run((session) => session.commit());
    } catch (error) {
      if (error instanceof PostgresError && !/^(?:08|57|XX|25P04)/.test(error.code)) throw error;
      throw new FreshetError('FRESHET_COMMIT_UNKNOWN', 'The answer to COMMIT was lost.', { cause: error });
    } finally {
      this.release();
    }
    if (command !== 'COMMIT') throw new FreshetError('FRESHET_ROLLED_BACK', 'The transaction had failed.');
  }

  async rollback(): Promise<void> {
    try {
      await this.run((session) => session.rollback());
    } catch {
      // The server rolls back by itself.
    } finally {
      this.release();
    }
  }

  /** Its answers are held back. */
  stall(ms: number): void {
    this.#link.stall('toClient', ms);
  }

  /** The process is done with it. */
  release(): void {
    this.#network.open.delete(this);
    this.#hangUp();
  }

  /** The connection breaks: the client hears of it at once, the server a little later. */
  cut(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#network.open.delete(this);
    this.#link.cut();
    this.#hangUp();
  }

  #hangUp(): void {
    const { scheduler, random, latency } = this.#network;
    scheduler.after(random.between(latency.high, 4 * latency.high), () => this.#session.close());
  }
}
