import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LocalError } from './local-error.ts';
import { groupExists, killGroup } from './process-group.ts';
import { type Readiness, waitUntilReady } from './readiness.ts';
import type { ChildProcess, Exit } from './running-process.ts';
import { watchOver } from './watchdog.ts';

export interface ChildProcessOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment of the child; this process's when left out. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** User and group to run as; only root can choose. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Written to its standard input, which is then closed. */
  readonly input?: string;
  /** Called for every line of its output, both streams. */
  readonly onLine?: (line: string) => void;
  /** At once when left out. */
  readonly ready?: Readiness;
  /** Milliseconds until readiness is given up and the child is killed (default 30 000). */
  readonly readyWithinMs?: number;
  /** What asks it to end in an orderly way (default SIGTERM). */
  readonly stopSignal?: NodeJS.Signals;
  /** Milliseconds between the stop signal and SIGKILL (default 10 000). */
  readonly stopWithinMs?: number;
  /** What it gets when this process dies without stopping it (default SIGKILL). */
  readonly orphanSignal?: NodeJS.Signals;
  /** A folder of the child's that goes with it: when it was stopped, or this process died. */
  readonly temporaryFolder?: string | undefined;
}

const tailLength = 40;

/**
 * Starts a process in a group of its own (a Ctrl-C in the terminal reaches only this process, which
 * decides the order in which things stop), waits until it is ready, and sees to it that it ends with this
 * process, whatever ends that.
 *
 * @throws LocalError FRESHET_LOCAL_CANNOT_RUN, FRESHET_LOCAL_EXITED_EARLY, FRESHET_LOCAL_NOT_READY (the child is then gone)
 */
export async function startChildProcess(options: ChildProcessOptions): Promise<ChildProcess> {
  const { name, command } = options;
  const child = spawn(command, options.args ?? [], {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
    ...(options.env && { env: options.env }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...options.user,
  });
  const { pid } = child;
  if (pid === undefined) {
    const [cause] = (await once(child, 'error')) as [Error];
    await removeFolder(options.temporaryFolder);
    throw new LocalError('FRESHET_LOCAL_CANNOT_RUN', `${name} could not be run: ${cause.message}`, { cause });
  }
  child.on('error', () => {}); // a signal that could not be sent; the exit tells the rest
  const watchdog = watchOver({
    pid,
    signal: options.orphanSignal ?? 'SIGKILL',
    folder: options.temporaryFolder,
  });

  const tail: string[] = [];
  const listeners = new Set<(line: string) => void>();
  if (options.onLine) listeners.add(options.onLine);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) readLines(stream, onLine);
  }
  function onLine(line: string): void {
    tail.push(line);
    if (tail.length > tailLength) tail.shift();
    for (const listener of listeners) listener(line);
  }

  let gone = false;
  let leftItsGroup = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      gone = true;
      leftItsGroup = groupExists(pid);
      if (!leftItsGroup) watchdog.exited();
      // What it left behind may keep its output open for ever.
      void Promise.race([once(child, 'close'), delay(500, undefined, { ref: false })]).then(() =>
        resolve({ code, signal }),
      );
    });
  });

  if (child.stdin) {
    child.stdin.on('error', () => {}); // it exited without reading; the exit says why
    child.stdin.end(options.input);
  }

  const handle: ChildProcess = {
    name,
    pid,
    exited,
    tail: () => tail.join('\n'),
    async kill(signal = 'SIGKILL') {
      if (gone) return;
      child.kill(signal);
      if (signal === 'SIGKILL') await exited;
    },
    async stop() {
      if (!gone) {
        child.kill(options.stopSignal ?? 'SIGTERM');
        child.kill('SIGCONT'); // a stopped process takes no other signal
      }
      const deadline = setTimeout(() => killGroup(pid), options.stopWithinMs ?? 10_000);
      const exit = await exited;
      clearTimeout(deadline);
      if (leftItsGroup) killGroup(pid);
      leftItsGroup = false;
      await removeFolder(options.temporaryFolder);
      watchdog.dismiss();
      return exit;
    },
  };
  if (options.ready) {
    await waitUntilReady(handle, options.ready, options.readyWithinMs ?? 30_000, (listener, signal) => {
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
    });
  }
  return handle;
}

async function removeFolder(folder: string | undefined): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
}
