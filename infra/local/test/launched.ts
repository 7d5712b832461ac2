import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { SystemDescription } from '../src/start/system-file.ts';

export const root = join(import.meta.dirname, '../../..');

export interface Launched {
  readonly pid: number;
  readonly stateFolder: string;
  /** All that it printed until now. */
  output(): string;
  readonly exited: Promise<number | NodeJS.Signals | null>;
  /** What system.json says, when it is there. */
  system(): Promise<SystemDescription>;
  /** Waits until the whole start is done, tour included. */
  untilUp(): Promise<SystemDescription>;
  signal(name: NodeJS.Signals): void;
  /** Kills it with all that it started, and removes its folder. */
  dispose(): Promise<void>;
}

const START_WITHIN_MS = 90_000;
/** A launcher whose parent is gone stops all of it in order. */
const STOP_WITHIN = { timeout: 30_000, interval: 50 };

/** Starts the system the way a user does, with a state folder and a database of its own. */
export async function launch(options: {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly stateFolder?: string;
}): Promise<Launched> {
  const stateFolder = options.stateFolder ?? (await mkdtemp(join(tmpdir(), 'freshet-launch-')));
  const command = options.command ?? [process.execPath, 'infra/local/bin/bootstrap.mjs', 'start'];
  const [file = '', ...first] = [...command, '--fresh', '--state', stateFolder, ...(options.args ?? [])];
  const {
    DATABASE_URL: _,
    REDIS_CACHE_URL: __,
    REDIS_QUEUE_URL: ___,
    NODE_OPTIONS: ____,
    ...env
  } = process.env;
  const child = spawn(file, first, {
    cwd: root,
    env: { ...env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => (text += chunk));
  }
  let ended = false;
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      resolve(signal ?? code);
    });
  });
  const pid = child.pid ?? 0;

  const system = async () =>
    JSON.parse(await readFile(join(stateFolder, 'system.json'), 'utf8')) as SystemDescription;
  return {
    pid,
    stateFolder,
    output: () => text,
    exited,
    system,
    async untilUp() {
      await vi.waitUntil(() => ended || text.includes('Freshet is running'), {
        timeout: START_WITHIN_MS,
        interval: 50,
      });
      if (ended) throw new Error(`it ended instead:\n${text}`);
      return system();
    },
    signal: (name) => child.kill(name),
    async dispose() {
      const left = ended ? [] : [pid, ...descendantsOf(pid)];
      if (!ended) kill(pid);
      // Not yet: those that watch over the others have folders to remove.
      await vi.waitFor(() => assert.deepEqual(alive(left), []), STOP_WITHIN).catch(() => left.forEach(kill));
      await exited;
      if (options.stateFolder === undefined) await rm(stateFolder, { recursive: true, force: true });
    },
  };
}

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
}

/** Without the dead that their parent has not asked about yet: those of a parent that is gone stay in the table for a while. */
function processTable(): ProcessRow[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state?.startsWith('Z'))
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
}

/** The processes that a process has started, and those that they have started. */
export function descendantsOf(pid: number): number[] {
  const table = processTable();
  const below = (parent: number): number[] =>
    table.filter((row) => row.parent === parent).flatMap((row) => [row.pid, ...below(row.pid)]);
  return below(pid);
}

/** Every process that was seen below it until it ended. */
export async function everythingStartedBy({ pid, exited }: Launched): Promise<number[]> {
  const seen = new Set<number>();
  const ended = exited.then(() => true);
  do for (const descendant of descendantsOf(pid)) seen.add(descendant);
  while (!(await Promise.race([ended, delay(100, false)])));
  return [...seen];
}

/** Those of the processes that are still there. */
export function alive(pids: readonly number[]): number[] {
  const all = new Set(processTable().map(({ pid }) => pid));
  return pids.filter((pid) => all.has(pid));
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
