import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { temporaryFolder } from '@freshet/local';

const run = promisify(execFile);

const DISK = '24m';

export interface QueueDisk {
  readonly folder: string;
  /** Whether it is a small disk of its own, which can be filled up. */
  readonly limited: boolean;
  remove(): Promise<void>;
}

/** A disk in memory for the queue, where this process may mount one; else a plain folder. */
export async function makeQueueDisk(): Promise<QueueDisk> {
  const folder = await temporaryFolder('chaos-queue');
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=0777`, 'freshet-chaos', folder]);
  } catch {
    return { folder, limited: false, remove };
  }
  return {
    folder,
    limited: true,
    async remove() {
      await run('umount', ['--lazy', folder]);
      await remove();
    },
  };
}
