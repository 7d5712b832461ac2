import { spawn } from 'node:child_process';

// `read` ends with 0 when a line comes (dismissed), with 1 when the pipe closes: its other end was in the
// parent, so the parent is dead, whatever killed it. $1 signal, $2 pid, $3 folder to remove or ''.
const script = `
read -r dismissed && exit 0
kill -s "$1" -- "-$2" 2>/dev/null
checks=0
while kill -0 "$2" 2>/dev/null && [ "$checks" -lt 100 ]; do
  checks=$((checks + 1))
  sleep 0.1
done
kill -s KILL -- "-$2" 2>/dev/null
[ -z "$3" ] || rm -rf -- "$3"
`;

export interface WatchdogOptions {
  /** Leader of its own process group; the whole group gets the signal. */
  readonly pid: number;
  /** Sent when this process is gone; SIGKILL follows after 10 s. */
  readonly signal: NodeJS.Signals;
  /** Removed after that. */
  readonly folder?: string | undefined;
}

/**
 * Ends a child of this process when this process dies, SIGKILL included, where no exit hook runs.
 * A shell that waits on a pipe costs less than a megabyte and works wherever there is a POSIX shell;
 * PR_SET_PDEATHSIG (`setpriv --pdeathsig`) is Linux only, and is lost on a change of user.
 *
 * @returns a function that dismisses the watchdog: the child has exited
 */
export function watchOver({ pid, signal, folder }: WatchdogOptions): () => void {
  const name = signal.replace(/^SIG/, '');
  const watchdog = spawn('/bin/sh', ['-c', script, 'freshet-watchdog', name, String(pid), folder ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  watchdog.on('error', ignore);
  watchdog.stdin.on('error', ignore);
  watchdog.unref();
  const pipe = watchdog.stdin as NodeJS.WritableStream & { unref?: () => void };
  pipe.unref?.();
  return () => {
    if (!watchdog.stdin.writableEnded) watchdog.stdin.end('dismissed\n');
  };
}

function ignore(): void {}
