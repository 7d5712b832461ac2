import { installWithApt } from './apt.ts';
import { findProgram } from './find-program.ts';
import { LocalError } from './local-error.ts';

/** The programs that are taken from the operating system. */
export type Program = 'redis-server' | 'haproxy' | 'prometheus' | 'promtool' | 'chromium';

const packages: Record<Program, { readonly debian: string; readonly elsewhere: string }> = {
  'redis-server': { debian: 'redis-server', elsewhere: 'redis' },
  haproxy: { debian: 'haproxy', elsewhere: 'haproxy' },
  prometheus: { debian: 'prometheus', elsewhere: 'prometheus' },
  promtool: { debian: 'prometheus', elsewhere: 'prometheus' },
  chromium: { debian: 'chromium', elsewhere: 'chromium' },
};

const packagesOf = (programs: readonly Program[], where: 'debian' | 'elsewhere'): string[] => [
  ...new Set(programs.map((program) => packages[program][where])),
];

/**
 * The absolute path of a program; installs nothing.
 *
 * @throws LocalError FRESHET_LOCAL_MISSING_PROGRAM, which says what to install on this system
 */
export async function requireProgram(program: Program): Promise<string> {
  const path = await findProgram(program);
  if (path === undefined) throw missing([program], await packageManager());
  return path;
}

/**
 * Installs those of the programs that are missing when this is Debian or Ubuntu and we are root.
 *
 * @param report is told in one sentence what is being installed, as that takes a while
 * @throws LocalError FRESHET_LOCAL_MISSING_PROGRAM, FRESHET_LOCAL_INSTALL_FAILED
 */
export async function ensurePrograms(
  programs: readonly Program[],
  report: (sentence: string) => void,
): Promise<void> {
  const absent: Program[] = [];
  for (const program of programs) {
    if ((await findProgram(program)) === undefined) absent.push(program);
  }
  if (absent.length === 0) return;
  const manager = await packageManager();
  if (manager !== 'apt-get' || process.getuid?.() !== 0) throw missing(absent, manager);
  report(`Installing ${absent.join(' and ')} with apt-get.`);
  await installWithApt(packagesOf(absent, 'debian'));
  for (const program of absent) await requireProgram(program);
}

const installCommands = {
  'apt-get': (programs) =>
    `sudo apt-get update && sudo apt-get install -y ${packagesOf(programs, 'debian').join(' ')}`,
  dnf: (programs) => `sudo dnf install -y ${elsewhere(programs)}`,
  apk: (programs) => `sudo apk add ${elsewhere(programs)}`,
  pacman: (programs) => `sudo pacman -S ${elsewhere(programs)}`,
  brew: (programs) => `brew install ${elsewhere(programs)}`,
} as const satisfies Record<string, (programs: readonly Program[]) => string>;

export type PackageManager = keyof typeof installCommands;

/** What to type to install programs on a system with this package manager. */
export function installCommand(programs: readonly Program[], manager: PackageManager): string {
  return installCommands[manager](programs);
}

function elsewhere(programs: readonly Program[]): string {
  return packagesOf(programs, 'elsewhere').join(' ');
}

async function packageManager(): Promise<PackageManager | undefined> {
  for (const manager of Object.keys(installCommands) as PackageManager[]) {
    if ((await findProgram(manager)) !== undefined) return manager;
  }
  return undefined;
}

function missing(programs: readonly Program[], manager: PackageManager | undefined): LocalError {
  const names = programs.join(' and ');
  const what = `${names} ${programs.length === 1 ? 'is' : 'are'} not installed.`;
  const remedy = manager
    ? `Install with: ${installCommand(programs, manager)}`
    : `Install ${names} so that it is found on the PATH.`;
  return new LocalError('FRESHET_LOCAL_MISSING_PROGRAM', `${what} ${remedy}`);
}
