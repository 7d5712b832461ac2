import { Pool, type PoolClient } from 'pg';
import type { Domain, Target } from '../contract.ts';
import { NO_ROW } from '../history/refusal.ts';
import { NoAnswer } from './http.ts';
import { seenFailure, type Seen } from './seen.ts';

const CONNECTIONS = 4;
const WITHIN_MS = 10_000;
/** Connection exceptions, no space, an operator's intervention, system and internal errors: it may have been committed. */
const OPEN = /^(?:08|53|57|58|XX)/;

export interface SqlAnswer {
  /** Rows that were found or changed. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** What somebody with `psql` does: no service knows about it. */
export class Sql {
  readonly #target: Target;
  readonly #pools = new Map<string, Pool>();

  constructor(target: Target) {
    this.#target = target;
  }

  /** One statement, its own transaction. @throws NoAnswer when it was not sent; the database's error */
  async run(domain: Domain, text: string, values: readonly unknown[]): Promise<SqlAnswer> {
    let client: PoolClient;
    try {
      client = await this.#poolOf(this.#target.databases[domain]).connect();
    } catch (error) {
      throw new NoAnswer(false, error);
    }
    let failure: unknown;
    try {
      return await client.query<Record<string, unknown>>(text, [...values]);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.release(failure !== undefined && isOpen(failure));
    }
  }

  /** A change that answers the version, or no row when there was none to change. */
  async change(
    domain: Domain,
    text: string,
    values: readonly unknown[],
    written: Seen['value'],
  ): Promise<Seen> {
    try {
      const { rows } = await this.run(domain, text, values);
      const version = rows[0]?.['version'];
      if (typeof version !== 'string')
        return { outcome: 'failed', status: 0, version: null, value: written, layer: null, detail: NO_ROW };
      return { outcome: 'ok', status: 0, version, value: written, layer: null };
    } catch (error) {
      const seen = seenFailure(error, written, false);
      return seen.outcome === 'unknown' && !isOpen(error) ? { ...seen, outcome: 'failed' } : seen;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
    this.#pools.clear();
  }

  #poolOf(url: string): Pool {
    let pool = this.#pools.get(url);
    if (pool === undefined) {
      pool = new Pool({
        connectionString: url,
        max: CONNECTIONS,
        connectionTimeoutMillis: 2_000,
        query_timeout: WITHIN_MS,
        application_name: 'chaos',
      });
      // A connection that dies while nobody uses it is no news here.
      pool.on('error', () => {});
      pool.on('connect', (client) => client.on('error', () => {}));
      this.#pools.set(url, pool);
    }
    return pool;
  }
}

/** Whether it may have been committed, or the connection is not to be used again. */
function isOpen(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return !/^[0-9A-Z]{5}$/.test(code) || OPEN.test(code) || /^E[A-Z]{4}$/.test(code);
}
