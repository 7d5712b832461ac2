import type { QueryClient } from '@freshet/cache-core';
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';

/** A Kysely driver on a client that belongs to somebody else's transaction. */
export class ClientDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(client: QueryClient) {
    this.#connection = new ClientConnection(client);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async beginTransaction(): Promise<void> {
    throw insideTransaction();
  }

  async commitTransaction(): Promise<void> {
    throw insideTransaction();
  }

  async rollbackTransaction(): Promise<void> {
    throw insideTransaction();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

function insideTransaction(): TypeError {
  return new TypeError(
    'This client is inside a transaction that its owner ends: do not begin or end one on it.',
  );
}

class ClientConnection implements DatabaseConnection {
  readonly #client: QueryClient;

  constructor(client: QueryClient) {
    this.#client = client;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, rowCount } = await this.#client.query<Row>(query.sql, query.parameters);
    return rowCount === null ? { rows } : { rows, numAffectedRows: BigInt(rowCount) };
  }

  // Cursors need a package that no service uses.
  // oxlint-disable-next-line require-yield
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new TypeError('streaming is not supported on a single client');
  }
}
