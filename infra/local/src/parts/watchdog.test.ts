import { type ChildProcess, spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from './folders.ts';
import { groupExists, killGroup } from './process-group.ts';

const within = { timeout: 15_000, interval: 10 };

const parentScript = `
  import { startChildProcess } from '${import.meta.resolve('./child-process.ts')}';
  const child = await startChildProcess({
    name: 'child',
    command: '/bin/sh',
    args: ['-c', process.env.CHILD_SCRIPT],
    ready: { line: (line) => line === 'ready' },
    temporaryFolder: process.env.FOLDER,
  });
  if (process.env.CHILD_DIES) await child.kill();
  console.log(child.pid);
  process.on('SIGUSR2', () => process.exit(0));
  setInterval(() => {}, 1000);
`;

const withGrandchild = 'trap "" HUP INT TERM; sleep 1000 & echo ready; wait';
const alone = 'echo ready; exec sleep 1000';

interface Family {
  readonly parent: ChildProcess;
  readonly childPid: number;
  readonly folder: string;
}

async function startFamily(env: NodeJS.ProcessEnv): Promise<Family> {
  const folder = await temporaryFolder('watchdog-test');
  const parent = spawn(process.execPath, ['--input-type=module', '-e', parentScript], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env, FOLDER: folder },
  });
  onTestFinished(() => {
    parent.kill('SIGKILL');
  });
  const lines = createInterface({ input: parent.stdout });
  const childPid = await new Promise<number>((resolve) =>
    lines.once('line', (line) => resolve(Number(line))),
  );
  onTestFinished(() => {
    if (groupExists(childPid)) killGroup(childPid);
  });
  return { parent, childPid, folder };
}

const untilGroupIsGone = (pid: number) => vi.waitFor(() => expect(groupExists(pid)).toBe(false), within);
const untilFolderIsGone = (folder: string) =>
  vi.waitFor(() => expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' }), within);

// SIGUSR2 makes it call process.exit; SIGTERM ends it as it ends every Node that does not handle it.
test.each(['SIGKILL', 'SIGTERM', 'SIGUSR2'] as const)(
  'a parent that ends by %s takes its children, theirs, and the temporary folder along',
  async (signal) => {
    const { parent, childPid, folder } = await startFamily({ CHILD_SCRIPT: withGrandchild });
    expect(groupExists(childPid)).toBe(true);
    parent.kill(signal);
    await untilGroupIsGone(childPid);
    await untilFolderIsGone(folder);
  },
);

test('what a dead child left behind goes with the parent too', async () => {
  const { parent, childPid, folder } = await startFamily({ CHILD_SCRIPT: withGrandchild, CHILD_DIES: 'yes' });
  expect(groupExists(childPid)).toBe(true);
  parent.kill('SIGKILL');
  await untilGroupIsGone(childPid);
  await untilFolderIsGone(folder);
});

test('the folder of a child that died without being stopped goes with the parent', async () => {
  const { parent, folder } = await startFamily({ CHILD_SCRIPT: alone, CHILD_DIES: 'yes' });
  await expect(access(folder)).resolves.toBeUndefined();
  parent.kill('SIGKILL');
  await untilFolderIsGone(folder);
});
