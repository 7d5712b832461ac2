import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { startProcess } from './process.ts';

const node = { name: 'example', command: process.execPath };

test('a process has its environment, and its output can be read', async () => {
  const script =
    'console.log(process.env.COLOUR, process.env.PATH !== undefined, process.env.HOME); setInterval(() => {}, 1000)';
  const child = await startProcess({
    ...node,
    args: ['-e', script],
    env: { COLOUR: 'green', HOME: undefined },
    ready: (line) => line.startsWith('green'),
  });
  expect(child.lines).toEqual(['green true undefined']);
  expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' });
});

test('a killed process has exited when kill resolves', async () => {
  const child = await startProcess({ ...node, args: ['-e', 'setInterval(() => {}, 1000)'] });
  await child.kill();
  expect(() => process.kill(child.pid, 0)).toThrow('ESRCH');
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a process that ends by itself says how', async () => {
  const child = await startProcess({ ...node, args: ['-e', "console.log('a'); process.exitCode = 7"] });
  expect(await child.exited).toEqual({ code: 7, signal: null });
  await eventually(() => child.lines.length === 1, { what: 'its output' });
});

test('a process that is not ready in time is an error with its output', async () => {
  const starting = startProcess({
    ...node,
    args: ['-e', "console.log('warming up'); setInterval(() => {}, 1000)"],
    ready: (line) => line === 'ready',
    readyWithinMs: 500,
  });
  await expect(starting).rejects.toMatchObject({
    code: 'FRESHET_LOCAL_NOT_READY',
    message: expect.stringContaining('warming up') as string,
  });
});
