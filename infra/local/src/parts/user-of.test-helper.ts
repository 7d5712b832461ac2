import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The numeric user that a process runs as. */
export async function userOf(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'uid=', '-p', String(pid)]);
  return Number(stdout.trim());
}
