import type { QueryClient } from '@freshet/cache-core';
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import { ClientDriver } from './client-driver.ts';

/** Kysely on a pool. The pool stays its owner's: never call `destroy()`. */
export function kyselyOnPool<DB>(pool: PostgresPool): Kysely<DB> {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}

/**
 * Kysely on one client inside a transaction that somebody else runs: it neither begins, nor ends, nor
 * releases anything (`transaction()` on it throws).
 */
export function kyselyOn<DB>(client: QueryClient): Kysely<DB> {
  return new Kysely<DB>({ dialect: new ClientDialect(client) });
}

class ClientDialect extends PostgresDialect {
  readonly #client: QueryClient;

  constructor(client: QueryClient) {
    super({ pool: () => Promise.reject(new TypeError('there is no pool behind a single client')) });
    this.#client = client;
  }

  override createDriver() {
    return new ClientDriver(this.#client);
  }
}
