/** Whether a process is left in the group whose leader was this pid. */
export function groupExists(pid: number): boolean {
  return signalGroup(pid, 0);
}

export function killGroup(pid: number): void {
  signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
