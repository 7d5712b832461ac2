import { createHash } from 'node:crypto';
import { chown, mkdir, mkdtemp, statfs } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LocalError } from './local-error.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

const isRoot = process.getuid?.() === 0;

/**
 * Whom the data stores run as: `nobody`, as Postgres refuses to run as root (and as a user without an
 * account), and Redis should not. Undefined: as ourselves.
 */
export const storeUser: User | undefined = isRoot ? { uid: 65_534, gid: 65_534 } : undefined;

/** For what is made once per machine. Root's is open to read, as the store user has to read it; a home often is not. */
export function cacheFolder(): Promise<string> {
  const parent = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return ownFolder(isRoot ? '/var/cache/freshet' : join(parent, 'freshet'), 0o755);
}

/**
 * For the data of one checkout that outlives a run: `.freshet/state` in it, or, as root, a folder which
 * the store user can reach although the checkout may lie in a closed home.
 */
export async function stateFolder(checkout: string): Promise<string> {
  if (!isRoot) return ownFolder(join(checkout, '.freshet', 'state'), 0o700);
  const id = createHash('sha256').update(resolve(checkout)).digest('hex').slice(0, 16);
  return ownFolder(join('/var/lib/freshet', id), 0o755);
}

/** A folder that belongs to the store user, made when it is missing. */
export async function makeStoreFolder(path: string): Promise<string> {
  await ownFolder(path, 0o700);
  await giveToStoreUser(path);
  return path;
}

/** A new empty folder that belongs to the store user. Who asks for it removes it. */
export async function temporaryFolder(name: string, { parent = tmpdir() } = {}): Promise<string> {
  const folder = await mkdtemp(join(parent, `freshet-${name}-`));
  await giveToStoreUser(folder);
  return folder;
}

/** A folder that is kept in memory, when there is one with room for a test database; else the usual one. */
export async function fastTemporaryParent(): Promise<string> {
  const memory = '/dev/shm'; // Linux's; containers often have one of 64 MB
  const room = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return room >= 2 * 1024 ** 3 ? memory : tmpdir();
}

export async function giveToStoreUser(path: string): Promise<void> {
  if (storeUser) await chown(path, storeUser.uid, storeUser.gid);
}

async function ownFolder(path: string, mode: number): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode });
    return path;
  } catch (cause) {
    throw new LocalError(
      'FRESHET_LOCAL_NO_FOLDER',
      `The folder ${path} could not be made: ${String(cause)}`,
      { cause },
    );
  }
}
