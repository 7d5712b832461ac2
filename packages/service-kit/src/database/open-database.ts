import type { Pool } from 'pg';
import { StartupError } from '../startup-error.ts';
import { connectionParts } from './connection-options.ts';
import { isDatabaseUnavailable, sqlStateOf } from './errors.ts';
import { createPool, type PoolOptions } from './pool.ts';

/**
 * `createPool`, and one query to see that the database is there.
 *
 * @throws StartupError `FRESHET_DATABASE_UNREACHABLE`, `FRESHET_DATABASE_REFUSED`, `FRESHET_DATABASE_MISSING`.
 */
export async function openPool(options: PoolOptions): Promise<Pool> {
  const pool = createPool(options);
  try {
    await pool.query('select 1');
    return pool;
  } catch (error) {
    await pool.end();
    throw databaseStartupError(options.url, error) ?? error;
  }
}

/** What an error on the first use of the database at `url` means, if that is known. */
export function databaseStartupError(url: string, error: unknown): StartupError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { host, port, database, user = 'postgres' } = connectionParts(url);
  const address = `${host}:${port}`;
  switch (sqlStateOf(error) ?? '') {
    case '28P01':
    case '28000':
      return new StartupError(
        'FRESHET_DATABASE_REFUSED',
        `Postgres at ${address} refuses the user ${user}: check the user and the password in the database URL.`,
        { cause: error },
      );
    case '3D000':
      return new StartupError(
        'FRESHET_DATABASE_MISSING',
        `Postgres at ${address} has no database ${database}: create it, or correct the database URL.`,
        { cause: error },
      );
    default:
      if (!isDatabaseUnavailable(error)) return undefined;
      return new StartupError(
        'FRESHET_DATABASE_UNREACHABLE',
        `Postgres at ${address} does not answer (${reason(error)}): start it, or correct the database URL.`,
        { cause: error },
      );
  }
}

function reason(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
