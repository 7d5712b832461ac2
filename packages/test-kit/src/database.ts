import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';
import { disposeAtEnd } from './disposal.ts';
import { postgresServer } from './postgres-server.ts';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Drops it; fails, and names the connections, when somebody still uses it: a pool was not closed. */
  readonly drop: () => Promise<void>;
}

export interface CreateDatabaseOptions {
  /** Name of a database to copy, to which nobody is connected. */
  readonly template?: string;
}

/** An empty database, or a copy of another one, for this test or test file, on the Postgres of the run. */
export async function createDatabase({ template }: CreateDatabaseOptions = {}): Promise<TestDatabase> {
  const server = await postgresServer();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const from = template === undefined ? '' : ` TEMPLATE ${escapeIdentifier(template)}`;
  await onServer(server, (client) => client.query(`CREATE DATABASE ${name}${from}`));

  let dropped: Promise<void> | undefined;
  const database: TestDatabase = {
    url: Object.assign(new URL(server), { pathname: `/${name}` }).href,
    name,
    drop() {
      dropped ??= onServer(server, (client) => dropUnused(client, name));
      return dropped;
    },
  };
  disposeAtEnd(`Database ${name}`, () => database.drop());
  return database;
}

/** Postgres itself gives connections that are just being closed five seconds to go. */
async function dropUnused(client: Client, name: string): Promise<void> {
  try {
    await client.query(`DROP DATABASE IF EXISTS ${name}`);
  } catch (cause) {
    const leaks = await connections(client, name);
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    throw new Error(`connections to it were left open (is a pool not closed?):\n${leaks.join('\n')}`, {
      cause,
    });
  }
}

async function connections(client: Client, database: string): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(
    `select format('pid %s, application %L, %s since %s, last query: %s', pid, application_name, state, state_change, left(query, 200)) as line
     from pg_stat_activity where datname = $1`,
    [database],
  );
  return rows.map(({ line }) => line);
}

async function onServer<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
