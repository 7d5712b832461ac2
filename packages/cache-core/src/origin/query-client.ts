export interface QueryResult<Row> {
  rows: Row[];
  rowCount: number | null;
  /** The command tag: the COMMIT of a failed transaction answers ROLLBACK. */
  command: string;
}

/** The part of a pg client that is used; a `pg.Pool` fits too, where no transaction is needed. */
export interface QueryClient {
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
}

/** The part of a `pg.PoolClient` that is used. */
export interface PoolClient extends QueryClient {
  /** With an error or true the connection is closed instead of going back to the pool. */
  release(destroy?: Error | boolean): void;
}

/** The part of a `pg.Pool` that is used. */
export interface Pool extends QueryClient {
  connect(): Promise<PoolClient>;
}
