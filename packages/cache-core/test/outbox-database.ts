import { createDatabase, disposeAtEnd } from '@freshet/test-kit';
import { Client, type ClientConfig, type QueryResultRow } from 'pg';
import { type CachedTable, cacheTable, type ExecuteSql, installOutbox } from '../src/outbox/install.ts';

/** What an outbox row says: which key, and why. */
export interface Invalidation {
  entity: string;
  idParts: string[] | null;
  version: string;
  cause: string;
}

export interface OutboxDatabase {
  /** Runs statements as the superuser, on one connection. */
  readonly execute: ExecuteSql;
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Registers a table under service `shop`. */
  cache(table: string, entity: string, idColumns?: string[]): Promise<void>;
  /** The outbox's rows since the last call, oldest first. */
  invalidations(): Promise<Invalidation[]>;
  /** Those of `invalidations`, as `cause entity id,id` or `cause entity *`. */
  summary(): Promise<string[]>;
  /** What `check_cached_tables` complains about. */
  problems(): Promise<string[]>;
  /** Another connection, of another role or with other settings if wanted. */
  connect(options?: ClientConfig): Promise<Client>;
}

/** An empty database of the domain `shop` with the outbox installed, for the test that asks for it. */
export async function outboxDatabase(): Promise<OutboxDatabase> {
  const database = await createDatabase();
  const connect = async (options: ClientConfig = {}): Promise<Client> => {
    const { hostname, port, username, password, pathname } = new URL(database.url);
    const client = new Client({
      host: hostname,
      port: Number(port),
      user: username,
      password,
      database: pathname.slice(1),
      ...options,
    });
    await client.connect();
    disposeAtEnd('Connection', () => client.end());
    return client;
  };
  const client = await connect();
  const query = async <Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> =>
    (await client.query<Row>(text, values)).rows;
  const execute: ExecuteSql = (sql) => client.query(sql);
  await installOutbox(execute, { domain: 'shop' });

  const invalidations = async (): Promise<Invalidation[]> =>
    query(`with taken as (delete from freshet.invalidation_outbox returning *)
      select entity, id_parts as "idParts", version, cause from taken order by id`);
  return {
    execute,
    query,
    connect,
    invalidations,
    async cache(table, entity, idColumns = ['id']) {
      const cached: CachedTable = { table, service: 'shop', entity, idColumns };
      await cacheTable(execute, cached);
    },
    async summary() {
      return (await invalidations()).map(
        ({ cause, entity, idParts }) => `${cause} ${entity} ${idParts?.join(',') ?? '*'}`,
      );
    },
    async problems() {
      const rows = await query<{ problem: string | null }>(
        'select problem from freshet.check_cached_tables()',
      );
      return rows.flatMap(({ problem }) => problem ?? []);
    },
  };
}
