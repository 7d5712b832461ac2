import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from './local-error.ts';

const run = promisify(execFile);

/** The programs that this system takes from the operating system. */
export type Program = 'redis-server' | 'haproxy';

// Debian's package has the program's name; HAProxy lies in /usr/sbin, which is not on every user's PATH.
const moreFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/opt/homebrew/bin', '/usr/local/bin'];
const elsewhere: Record<Program, string> = { 'redis-server': 'redis', haproxy: 'haproxy' };
const policyFile = '/usr/sbin/policy-rc.d';

/** The absolute path of a program, or undefined when it is not installed. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...moreFolders];
  for (const folder of folders.filter((entry) => entry.startsWith('/'))) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/**
 * As {@link findProgram}, without installing anything.
 *
 * @throws LocalError FRESHET_LOCAL_MISSING_PROGRAM, which says what to install on this system
 */
export async function requireProgram(name: Program): Promise<string> {
  const path = await findProgram(name);
  if (path === undefined) throw missing([name], await describeSystem());
  return path;
}

/**
 * Finds programs, and installs those that are missing when this is Debian or Ubuntu and we are root.
 *
 * @param report told in one sentence what is about to be installed, since that takes a while
 * @throws LocalError FRESHET_LOCAL_MISSING_PROGRAM, FRESHET_LOCAL_INSTALL_FAILED
 */
export async function ensurePrograms(
  names: readonly Program[],
  report: (text: string) => void,
): Promise<void> {
  const absent: Program[] = [];
  for (const name of names) {
    if ((await findProgram(name)) === undefined) absent.push(name);
  }
  if (absent.length === 0) return;
  const system = await describeSystem();
  if (!system.hasApt || process.getuid?.() !== 0) throw missing(absent, system);
  report(`Installing ${absent.join(' and ')} with apt-get.`);
  await installWithApt(absent);
  for (const name of absent) await requireProgram(name);
}

async function installWithApt(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]): Promise<unknown> =>
    run('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
  try {
    await apt('update');
    await withoutStartingServices(() => apt('install', '--no-install-recommends', ...packages));
  } catch (cause) {
    throw new LocalError(
      'FRESHET_LOCAL_INSTALL_FAILED',
      `apt-get could not install ${packages.join(' and ')}: ${String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** Debian starts a service when it is installed, unless this file says 101; another's file is put back. */
async function withoutStartingServices(install: () => Promise<unknown>): Promise<void> {
  const before = await readFile(policyFile).catch(() => undefined);
  await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    if (before === undefined) await rm(policyFile, { force: true });
    else await writeFile(policyFile, before);
  }
}

interface System {
  readonly hasApt: boolean;
  readonly command: (names: readonly Program[]) => string;
}

async function describeSystem(): Promise<System> {
  const commands: [program: string, command: (names: readonly Program[]) => string][] = [
    ['apt-get', (names) => `sudo apt-get install -y ${names.join(' ')}`],
    ['dnf', (names) => `sudo dnf install -y ${foreignNames(names)}`],
    ['pacman', (names) => `sudo pacman -S ${foreignNames(names)}`],
    ['apk', (names) => `sudo apk add ${foreignNames(names)}`],
    ['brew', (names) => `brew install ${foreignNames(names)}`],
  ];
  for (const [program, command] of commands) {
    if ((await findProgram(program)) !== undefined) return { hasApt: program === 'apt-get', command };
  }
  return { hasApt: false, command: (names) => `the packages that contain ${names.join(' and ')}` };
}

function foreignNames(names: readonly Program[]): string {
  return names.map((name) => elsewhere[name]).join(' ');
}

function missing(names: readonly Program[], system: System): LocalError {
  return new LocalError(
    'FRESHET_LOCAL_MISSING_PROGRAM',
    `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} not installed. Install with: ${system.command(names)}`,
  );
}
