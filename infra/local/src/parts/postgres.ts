import { rm } from 'node:fs/promises';
import { startChildProcess } from './child-process.ts';
import { fastTemporaryParent, storeUser, temporaryFolder } from './folders.ts';
import { freePort } from './free-port.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { copyTemplateData, initialiseData, readPassword } from './postgres-data.ts';
import type { ChildProcess } from './running-process.ts';

export interface PostgresOptions {
  /** Where the data is (made when missing); default: a new folder, and nothing is synced. */
  readonly dataDir?: string;
  /** The folder goes when Postgres is stopped, or this process dies (default: when none was given). */
  readonly temporary?: boolean;
  /** Default: a free one. */
  readonly port?: number;
  /** More server settings. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

export interface Postgres extends ChildProcess {
  /** Superuser, database `postgres`; contains the password. */
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
}

/**
 * Starts Postgres 18 on 127.0.0.1. `stop` is its fast shutdown: clients are disconnected, data is safe.
 *
 * @throws LocalError FRESHET_LOCAL_NO_POSTGRES_BINARIES, FRESHET_LOCAL_NO_FOLDER, FRESHET_LOCAL_EXITED_EARLY, …
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const binaries = await postgresBinaries();
  const isNew = options.dataDir === undefined;
  const { temporary = isNew } = options;
  const dataDir =
    options.dataDir ?? (await temporaryFolder('postgres', { parent: await fastTemporaryParent() }));
  try {
    await (isNew ? copyTemplateData(binaries, dataDir) : initialiseData(binaries, dataDir));
  } catch (error) {
    if (temporary) await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
  const port = options.port ?? (await freePort());
  const settings = {
    ...(isNew && withoutDurability),
    ...options.settings,
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
  };
  const password = await readPassword(dataDir);
  const child = await startChildProcess({
    name: 'Postgres',
    command: binaries.postgres,
    args: ['-D', dataDir, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    cwd: dataDir,
    user: storeUser,
    ready: { line: (line) => line.includes('database system is ready to accept connections') },
    stopSignal: 'SIGINT',
    orphanSignal: temporary ? 'SIGQUIT' : 'SIGINT',
    temporaryFolder: temporary ? dataDir : undefined,
    ...(options.onLine && { onLine: options.onLine }),
  });
  return { ...child, url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, port, dataDir };
}

// In memory where possible: CREATE DATABASE took 15 ms there, 250 ms on a disk.
const withoutDurability = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  max_wal_size: '128MB',
  min_wal_size: '32MB',
  dynamic_shared_memory_type: 'mmap', // in the data directory: nothing is left when it was killed and removed
};
