import { execFile } from 'node:child_process';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { LocalError } from './local-error.ts';

const run = promisify(execFile);

export interface Apt {
  readonly program: string;
  /** Debian asks this program whether a service may be started. */
  readonly policyFile: string;
}

const systemApt: Apt = { program: 'apt-get', policyFile: '/usr/sbin/policy-rc.d' };

/**
 * Installs packages of Debian or Ubuntu, without starting the services that are in them. Only as root.
 *
 * @throws LocalError FRESHET_LOCAL_INSTALL_FAILED
 */
export async function installWithApt(packages: readonly string[], apt: Apt = systemApt): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...args: string[]): Promise<unknown> =>
    run(apt.program, ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
  try {
    await aptGet('update');
    await withoutStartingServices(apt.policyFile, () =>
      aptGet('install', '--no-install-recommends', ...packages),
    );
  } catch (cause) {
    throw new LocalError(
      'FRESHET_LOCAL_INSTALL_FAILED',
      `apt-get could not install ${packages.join(' and ')}: ${String(cause)}`,
      { cause },
    );
  }
}

async function withoutStartingServices(policyFile: string, install: () => Promise<unknown>): Promise<void> {
  const before = await contentAndMode(policyFile);
  await write(policyFile, { content: '#!/bin/sh\nexit 101\n', mode: 0o755 });
  try {
    await install();
  } finally {
    if (before) await write(policyFile, before);
    else await rm(policyFile, { force: true });
  }
}

interface ContentAndMode {
  readonly content: string;
  readonly mode: number;
}

async function contentAndMode(file: string): Promise<ContentAndMode | undefined> {
  try {
    return { content: await readFile(file, 'utf8'), mode: (await stat(file)).mode };
  } catch {
    return undefined;
  }
}

async function write(file: string, { content, mode }: ContentAndMode): Promise<void> {
  await rm(file, { force: true }); // so that the mode is that of a new file
  await writeFile(file, content, { mode });
}
