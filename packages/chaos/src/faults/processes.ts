import { readFile } from 'node:fs/promises';
import type { Random } from '../random.ts';
import type { ProcessKind, ProcessUnderTest, SystemUnderTest } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';

const BACK_WITHIN_MS = 30_000;

/** @throws when none of these runs at this moment */
export function running(system: SystemUnderTest, ...kinds: ProcessKind[]): ProcessUnderTest[] {
  const found = system.processes(...kinds).filter((process) => process.pid() !== undefined);
  if (found.length === 0) throw new Error(`None of these runs: ${kinds.join(', ')}.`);
  return found;
}

export function anyRunning(
  system: SystemUnderTest,
  random: Random,
  ...kinds: ProcessKind[]
): ProcessUnderTest {
  return random.pick(running(system, ...kinds));
}

/** @returns the pid that got it */
export function sendSignal(target: ProcessUnderTest, signal: NodeJS.Signals): number {
  const pid = target.pid();
  if (pid === undefined) throw new Error(`${target.name} does not run.`);
  process.kill(pid, signal);
  return pid;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function untilDead(name: string, pid: number, withinMs: number): Promise<void> {
  await untilTrue(`${name} (pid ${pid}) has ended`, withinMs, () => !isAlive(pid));
}

/** Until another process has taken its place. */
export async function untilBack(target: ProcessUnderTest, deadPid: number): Promise<void> {
  await untilTrue(`${target.name} was started again`, BACK_WITHIN_MS, () => {
    const pid = target.pid();
    return pid !== undefined && pid !== deadPid;
  });
}

/** Until it answers /readyz with yes. */
export async function untilReady({ name, url }: ProcessUnderTest): Promise<void> {
  await untilTrue(`${name} is ready`, BACK_WITHIN_MS, async () => {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.ok;
  });
}

/** What the kernel says of a process: `T` is stopped. */
export async function kernelState(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may hold anything.
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}
