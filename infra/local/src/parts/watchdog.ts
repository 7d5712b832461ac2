import { spawn } from 'node:child_process';

// `read` fails when the pipe closes: its other end was in the parent, so the parent is dead, whatever killed it.
// $1 signal, $2 pid, $3 folder to remove or ''.
const script = `
pid=$2
while read -r message; do
  case $message in
    exited) pid= ;;
    dismissed) exit 0 ;;
  esac
done
if [ -n "$pid" ]; then
  kill -s "$1" -- "-$pid" 2>/dev/null
  checks=0
  while kill -0 "$pid" 2>/dev/null && [ "$checks" -lt 100 ]; do
    checks=$((checks + 1))
    sleep 0.1
  done
  kill -s KILL -- "-$pid" 2>/dev/null
fi
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

export interface Watchdog {
  /** The child and its group are gone, and the pid may become another's; the folder is still watched over. */
  readonly exited: () => void;
  /** There is nothing left to watch over. */
  readonly dismiss: () => void;
}

/**
 * Ends a child of this process when this process dies, SIGKILL included, where no exit hook runs.
 * A shell that waits on a pipe costs less than a megabyte and works wherever there is a POSIX shell;
 * PR_SET_PDEATHSIG (`setpriv --pdeathsig`) is Linux only, knows no groups, and removes no folder.
 */
export function watchOver({ pid, signal, folder = '' }: WatchdogOptions): Watchdog {
  const args = [signal.replace(/^SIG/, ''), String(pid), folder];
  const shell = spawn('/bin/sh', ['-c', script, 'freshet-watchdog', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  shell.on('error', ignore);
  shell.stdin.on('error', ignore);
  shell.unref();
  const pipe = shell.stdin as NodeJS.WritableStream & { readonly unref?: () => void };
  pipe.unref?.();
  return {
    exited: () => shell.stdin.write('exited\n'),
    dismiss: () => shell.stdin.end('dismissed\n'),
  };
}

function ignore(): void {}
