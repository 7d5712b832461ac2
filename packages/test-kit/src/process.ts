import { type ChildProcess, type Exit, startChildProcess } from '@freshet/local';
import { disposeAtEnd } from './disposal.ts';

export interface StartProcessOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Given each line of its output, until it says true; without it the process counts as ready at once. */
  readonly ready?: (line: string) => boolean;
  /** Milliseconds, default 30 000. */
  readonly readyWithinMs?: number;
}

export interface TestProcess {
  readonly pid: number;
  /** All its output so far, both streams. */
  readonly lines: readonly string[];
  readonly exited: Promise<Exit>;
  /** Sends a signal (default SIGKILL). After SIGKILL it resolves when the process is gone, else at once. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** SIGTERM, and SIGKILL ten seconds later. */
  readonly stop: () => Promise<Exit>;
}

/**
 * A process that ends with this test or test file.
 *
 * @throws LocalError FRESHET_LOCAL_CANNOT_RUN, FRESHET_LOCAL_EXITED_EARLY, FRESHET_LOCAL_NOT_READY; the message has its last output
 */
export async function startProcess({ ready, env, ...options }: StartProcessOptions): Promise<TestProcess> {
  const lines: string[] = [];
  const child: ChildProcess = await startChildProcess({
    ...options,
    env: { ...process.env, ...env },
    onLine: (line) => lines.push(line),
    ...(ready && { ready: { line: ready } }),
  });
  disposeAtEnd(options.name, () => child.stop());
  const { pid, exited, kill, stop } = child;
  return { pid, lines, exited, kill, stop };
}
