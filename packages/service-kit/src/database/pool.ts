import { Pool } from 'pg';
import type { Logger } from 'pino';
import { connectionParts } from './connection-options.ts';

export interface PoolOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Connections at most. Default: 10. */
  readonly size?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly log: Logger;
  /** Longest wait for a connection, free or new. Default: 2000 ms. */
  readonly connectionTimeoutMs?: number;
  /** Longest statement. Default: 5000 ms. */
  readonly statementTimeoutMs?: number;
  /** Longest wait for a lock; shorter than any transaction_timeout, which ends the connection. Default: 1000 ms. */
  readonly lockTimeoutMs?: number;
  /** Longest pause inside a transaction. Default: 5000 ms. */
  readonly idleInTransactionTimeoutMs?: number;
}

/** How many connections of a pool reads may take: however many of them miss at once, some are left for writes. */
export function connectionsForReads(poolSize: number): number {
  return Math.max(1, Math.floor(poolSize * 0.75));
}

/**
 * A pool in which nothing waits for ever and no lost connection crashes the process.
 * `int8` arrives as text: versions outgrow 2^53.
 */
export function createPool(options: PoolOptions): Pool {
  const { url, size = 10, applicationName, log, connectionTimeoutMs = 2000 } = options;
  const { statementTimeoutMs = 5000, lockTimeoutMs = 1000, idleInTransactionTimeoutMs = 5000 } = options;
  const pool = new Pool({
    ...connectionParts(url),
    max: size,
    application_name: applicationName,
    connectionTimeoutMillis: connectionTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    // For a server that does not answer at all; otherwise its own statement_timeout speaks first.
    query_timeout: statementTimeoutMs + 1000,
  });
  const onError = (error: Error) => log.warn({ err: error }, 'database connection lost');
  // The pool listens only while a connection is idle: one that dies inside a transaction would end the process.
  pool.on('connect', (client) => client.on('error', onError));
  // Idle connections are reported twice, by the client and by the pool: the client's line is enough.
  pool.on('error', () => {});
  return pool;
}
