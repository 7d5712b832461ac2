import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { installPackages } from '@freshet/local';

const run = promisify(execFile);

const FOLDERS = [
  '/usr/lib/x86_64-linux-gnu/faketime',
  '/usr/lib/aarch64-linux-gnu/faketime',
  '/usr/lib/faketime',
  '/usr/local/lib/faketime',
];

/** Where Debian's libfaketime is; undefined when it is not installed. */
export async function libraryOfFaketime(): Promise<string | undefined> {
  for (const folder of FOLDERS) {
    const path = `${folder}/libfaketime.so.1`;
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/** Installs it where that is possible: as root, with apt-get. Answers whether it is there. */
export async function ensureFaketime(report: (line: string) => void): Promise<boolean> {
  if ((await libraryOfFaketime()) !== undefined) return true;
  if (process.getuid?.() !== 0) return false;
  try {
    await run('apt-get', ['--version']);
    report('Installing libfaketime with apt-get.');
    await installPackages(['libfaketime']);
  } catch {
    return false;
  }
  return (await libraryOfFaketime()) !== undefined;
}
