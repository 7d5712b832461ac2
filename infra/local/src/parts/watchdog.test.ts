import { type ChildProcess, spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from './folders.ts';
import { groupExists, killGroup } from './process-group.ts';

const within = { timeout: 15_000, interval: 10 };

// A parent that starts a child, which has a child of its own, and says their process group.
const parentScript = `
  import { startChildProcess } from '${import.meta.resolve('./child-process.ts')}';
  const child = await startChildProcess({
    name: 'child',
    command: '/bin/sh',
    args: ['-c', 'trap "" HUP INT TERM; sleep 1000 & echo ready; wait'],
    ready: { line: (line) => line === 'ready' },
    orphanFolder: process.env.ORPHAN_FOLDER,
  });
  console.log(child.pid);
  process.on('SIGUSR2', () => process.exit(0));
  setInterval(() => {}, 1000);
`;

async function startParent(): Promise<{ parent: ChildProcess; childPid: number; folder: string }> {
  const folder = await temporaryFolder('watchdog-test');
  const parent = spawn(process.execPath, ['--input-type=module', '-e', parentScript], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ORPHAN_FOLDER: folder },
  });
  onTestFinished(() => {
    parent.kill('SIGKILL');
  });
  const lines = createInterface({ input: parent.stdout });
  const childPid = await new Promise<number>((resolve) =>
    lines.once('line', (line) => resolve(Number(line))),
  );
  onTestFinished(() => killGroup(childPid));
  return { parent, childPid, folder };
}

// SIGUSR2 makes it call process.exit; SIGTERM ends it as it ends every Node that does not handle it.
test.each(['SIGKILL', 'SIGTERM', 'SIGUSR2'] as const)(
  'a parent that ends by %s takes its children, theirs, and the temporary folder along',
  async (signal) => {
    const { parent, childPid, folder } = await startParent();
    expect(groupExists(childPid)).toBe(true);
    parent.kill(signal);
    await vi.waitFor(() => expect(groupExists(childPid)).toBe(false), within);
    await vi.waitFor(() => expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' }), within);
  },
);
