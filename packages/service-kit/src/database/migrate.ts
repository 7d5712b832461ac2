import { promises as fs } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import type { Logger } from 'pino';
import { StartupError } from '../startup-error.ts';
import { kyselyOnPool } from './kysely.ts';
import { databaseStartupError } from './open-database.ts';
import { createPool } from './pool.ts';

export interface MigrateOptions {
  readonly url: string;
  /** Folder of the migrations (`.ts` in development, `.js` in a build): `new URL('./migrations/', import.meta.url)`. */
  readonly folder: URL | string;
  readonly log: Logger;
}

const longestMigrationMs = 600_000;

/**
 * Brings a database to the newest migration. Safe when several processes do it at once: Kysely's
 * migrator holds an advisory lock. It uses connections of its own, since waiting for that lock, and for
 * a long migration, outlasts the time limits of the service's pool.
 *
 * @throws StartupError `FRESHET_MIGRATION` naming the migration, or a `FRESHET_DATABASE_…` code.
 */
export async function migrate({ url, folder, log }: MigrateOptions): Promise<void> {
  const pool = createPool({
    url,
    size: 2,
    applicationName: 'migrate',
    log,
    statementTimeoutMs: longestMigrationMs,
    lockTimeoutMs: longestMigrationMs,
    idleInTransactionTimeoutMs: longestMigrationMs,
  });
  try {
    const migrationFolder = typeof folder === 'string' ? folder : fileURLToPath(folder);
    const migrator = new Migrator({
      db: kyselyOnPool<unknown>(pool),
      provider: new FileMigrationProvider({ fs, path, migrationFolder }),
    });
    const { error, results = [] } = await migrator.migrateToLatest();
    for (const { migrationName, status } of results) {
      if (status === 'Success') log.info({ migration: migrationName }, 'migrated');
    }
    if (error === undefined) return;
    throw (
      databaseStartupError(url, error) ??
      migrationError(results.find(({ status }) => status === 'Error')?.migrationName, error)
    );
  } finally {
    await pool.end();
  }
}

function migrationError(name: string | undefined, error: unknown): StartupError {
  const said = error instanceof Error ? error.message : String(error);
  const what =
    name === undefined
      ? 'The database could not be migrated'
      : `Migration ${name} failed, and was rolled back`;
  return new StartupError('FRESHET_MIGRATION', `${what}: ${said}`, { cause: error });
}
