import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { access, chmod, chown, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, giveToStoreUser, storeUser } from './folders.ts';
import { LocalError } from './local-error.ts';
import { makeOnce, type PostgresBinaries } from './postgres-binaries.ts';

const run = promisify(execFile);

// Beside Postgres's own files, so that a copy of the folder carries it along. Without a password every user
// of this machine could run programs as ours (COPY … FROM PROGRAM).
const passwordFile = 'freshet.password';

const initdbOptions = [
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--no-sync',
];

/** Makes a data directory unless there is one. Each has a system identifier of its own. */
export async function initialiseData(binaries: PostgresBinaries, dataDir: string): Promise<void> {
  await mkdir(dirname(dataDir), { recursive: true });
  await makeOnce(dataDir, (unfinished) => initdb(binaries, unfinished), isInitialised);
}

/** Fills a new data directory from a template: 0.1 s instead of 1 s. All copies have the same system identifier. */
export async function copyTemplateData(binaries: PostgresBinaries, dataDir: string): Promise<void> {
  const options = createHash('sha256').update(initdbOptions.join(' ')).digest('hex').slice(0, 8);
  const template = join(await cacheFolder(), `postgres-data-${binaries.release}-${options}`);
  await makeOnce(template, (unfinished) => initdb(binaries, unfinished));
  await cp(template, dataDir, { recursive: true });
  await giveAwayRecursively(dataDir);
  await chmod(dataDir, 0o700);
}

export async function readPassword(dataDir: string): Promise<string> {
  return (await readFile(join(dataDir, passwordFile), 'utf8')).trim();
}

async function isInitialised(dataDir: string): Promise<boolean> {
  return access(join(dataDir, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}

async function initdb({ initdb: program }: PostgresBinaries, dataDir: string): Promise<void> {
  const passwordBeside = `${dataDir}.password`;
  try {
    await mkdir(dataDir, { mode: 0o700 });
    await giveToStoreUser(dataDir);
    await writeFile(passwordBeside, randomBytes(18).toString('base64url'), { mode: 0o600 });
    await giveToStoreUser(passwordBeside);
    await run(program, [...initdbOptions, `--pwfile=${passwordBeside}`, '-D', dataDir], {
      cwd: dataDir,
      ...storeUser,
    });
    await cp(passwordBeside, join(dataDir, passwordFile));
    await giveToStoreUser(join(dataDir, passwordFile));
  } catch (cause) {
    throw new LocalError('FRESHET_LOCAL_CANNOT_RUN', `Postgres's initdb failed: ${String(cause)}`, { cause });
  } finally {
    await rm(passwordBeside, { force: true });
  }
}

async function giveAwayRecursively(folder: string): Promise<void> {
  if (!storeUser) return;
  const { uid, gid } = storeUser;
  const entries = await readdir(folder, { recursive: true });
  await chown(folder, uid, gid);
  await Promise.all(entries.map((entry) => chown(join(folder, entry), uid, gid)));
}
