import { Client } from 'pg';
import { Refusal } from './refusal.ts';

const OLDEST_POSTGRES = 170_000;
const CONNECT_WITHIN_MS = 5_000;

/**
 * Makes the databases that are missing on a server.
 *
 * @param url of any database of the server, for a role with CREATEDB.
 * @throws Refusal when the server cannot be reached, is too old, or does not let the role in or create a database.
 */
export async function createDatabases(url: string, names: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  // A connection that breaks rejects the query under way; without a listener it would also end this process.
  client.on('error', () => {});
  try {
    await client.connect();
    await refuseOldServer(client);
    for (const name of names) await createDatabase(client, name);
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(explain(error, url), { cause: error });
  } finally {
    await client.end().catch(() => {});
  }
}

async function refuseOldServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version`,
  );
  const [server] = rows;
  if (server !== undefined && server.number >= OLDEST_POSTGRES) return;
  throw new Refusal(
    `DATABASE_URL leads to Postgres ${server?.version}, and Freshet needs 17 or newer: give another one, or unset DATABASE_URL to have Postgres 18 started.`,
  );
}

async function createDatabase(client: Client, name: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
  if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
}

function explain(error: unknown, url: string): string {
  const { hostname, port, username } = new URL(url);
  const where = `${hostname}:${port || 5432}`;
  const reason = error instanceof Error ? error.message || String(codeOf(error)) : String(error);
  switch (codeOf(error)) {
    case '28P01':
    case '28000':
      return `Postgres at ${where} does not let '${username}' in (${reason}): correct the name or password in DATABASE_URL, or unset it to have a Postgres started.`;
    case '42501':
      return `The role '${username}' may not create databases on ${where}: as a superuser run \`alter role "${username}" createdb\`, or unset DATABASE_URL to have a Postgres started.`;
    default:
      return `Postgres at ${where} cannot be used (${reason}): is it running, and is DATABASE_URL right? Unset it to have a Postgres started.`;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
