import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `.freshet/system.json` says about the running system. All URLs are on this machine, unless servers were given. */
export interface SystemDescription {
  readonly gateway: string;
  readonly console: string;
  readonly postgres: string;
  readonly redisCache: string;
  readonly redisQueue: string;
  readonly processes: readonly ProcessDescription[];
  /** Started here; a server that was given is not listed. */
  readonly infrastructure: readonly { readonly name: string; readonly pid: number }[];
}

export interface ProcessDescription {
  readonly name: string;
  readonly service: string;
  readonly url: string;
  readonly pid: number;
}

export interface SystemFile {
  readonly path: string;
  /** Readers see the old text or the new one, never half of it. Writes happen in the order of the calls. */
  write(description: SystemDescription): Promise<void>;
  remove(): Promise<void>;
}

export function systemFile(stateFolder: string): SystemFile {
  const path = join(stateFolder, 'system.json');
  const beside = `${path}.new`;
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    last = last.then(work, work);
    return last;
  };
  return {
    path,
    write: (description) =>
      inTurn(async () => {
        // It holds the password of the database.
        await writeFile(beside, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
        await rename(beside, path);
      }),
    remove: () =>
      inTurn(async () => {
        await rm(beside, { force: true });
        await rm(path, { force: true });
      }),
  };
}
