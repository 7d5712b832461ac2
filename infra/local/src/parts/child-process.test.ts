import { access } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ChildProcessOptions, startChildProcess } from './child-process.ts';
import { temporaryFolder } from './folders.ts';
import { groupExists } from './process-group.ts';

const within = { timeout: 10_000, interval: 10 };

async function start(script: string, options: Partial<ChildProcessOptions> = {}) {
  const child = await startChildProcess({
    name: 'example',
    command: process.execPath,
    args: ['-e', script],
    ready: { line: (line) => line === 'ready' },
    ...options,
  });
  onTestFinished(async () => {
    await child.kill();
    await child.stop();
  });
  return child;
}

const staysUp = "console.log('ready'); setInterval(() => {}, 1000);";

test('a child is ready when its output says so, and stop asks it to end', async () => {
  const lines: string[] = [];
  const child = await start(
    `process.on('SIGTERM', () => { console.error('bye'); process.exit(3); }); ${staysUp}`,
    {
      onLine: (line) => lines.push(line),
    },
  );
  expect(lines).toEqual(['ready']);
  expect(await child.stop()).toEqual({ code: 3, signal: null });
  expect(lines).toEqual(['ready', 'bye']);
});

test('a child is ready when the probe resolves', async () => {
  let probes = 0;
  const probe = async (): Promise<void> => {
    probes += 1;
    if (probes < 3) throw new Error('not yet');
  };
  await start(staysUp, { ready: { probe } });
  expect(probes).toBe(3);
});

test('a child that ends before it is ready is an error with its last output', async () => {
  await expect(start("console.error('no such file: x'); process.exitCode = 4;")).rejects.toMatchObject({
    code: 'FRESHET_LOCAL_EXITED_EARLY',
    message: 'example exited with code 4 before it was ready. Its last output:\nno such file: x',
  });
});

test('a child that does not get ready is stopped', async () => {
  const script = 'console.log(process.pid); setInterval(() => {}, 1000);';
  const lines: string[] = [];
  await expect(
    start(script, { readyWithinMs: 300, onLine: (line) => lines.push(line) }),
  ).rejects.toMatchObject({ code: 'FRESHET_LOCAL_NOT_READY' });
  for (const pid of lines) expect(groupExists(Number(pid))).toBe(false);
});

test('a program that does not exist is an error', async () => {
  await expect(start('', { command: '/nowhere/program' })).rejects.toMatchObject({
    code: 'FRESHET_LOCAL_CANNOT_RUN',
    message: 'example could not be run: spawn /nowhere/program ENOENT',
  });
});

test('a child that ignores the stop signal is killed after the deadline', async () => {
  const child = await start(`process.on('SIGTERM', () => {}); ${staysUp}`, { stopWithinMs: 100 });
  expect(await child.stop()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a paused child can be stopped in an orderly way', async () => {
  const child = await start(`process.on('SIGTERM', () => process.exit(0)); ${staysUp}`);
  await child.kill('SIGSTOP');
  expect(await child.stop()).toEqual({ code: 0, signal: null });
});

test('stop takes along what the child left behind', async () => {
  const child = await start(`
    require('node:child_process').spawn('sleep', ['1000'], { stdio: 'inherit' });
    console.log('ready');
    process.on('SIGTERM', () => process.exit(0));
    setInterval(() => {}, 1000);
  `);
  await child.kill();
  expect(groupExists(child.pid)).toBe(true);
  await child.stop();
  await vi.waitFor(() => expect(groupExists(child.pid)).toBe(false), within);
});

test('a temporary folder goes when the child was stopped, and when it could not be started', async () => {
  for (const command of [process.execPath, '/nowhere/program']) {
    const folder = await temporaryFolder('child-test');
    const starting = start(staysUp, { command, temporaryFolder: folder });
    await starting.then(
      (child) => child.stop(),
      () => {},
    );
    await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  }
});
