import { fileURLToPath } from 'node:url';
import { eventually, startProcess, type TestProcess } from '@freshet/test-kit';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Vitest as `npm test` runs it, on one of the fixtures. */
function runVitest(fixture: string, ready?: (line: string) => boolean): Promise<TestProcess> {
  const config = fileURLToPath(new URL('fixtures/vitest.config.ts', import.meta.url));
  return startProcess({
    name: `vitest on ${fixture}`,
    command: process.execPath,
    args: ['node_modules/vitest/vitest.mjs', 'run', '--config', config, '--root', root, fixture],
    cwd: root,
    env: {
      VITEST: undefined,
      VITEST_MODE: undefined,
      VITEST_POOL_ID: undefined,
      VITEST_WORKER_ID: undefined,
    },
    ...(ready && { ready }),
  });
}

async function outputOf(fixture: string): Promise<{ code: number | null; output: string }> {
  const run = await runVitest(fixture);
  const { code } = await run.exited;
  return { code, output: run.lines.join('\n') };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a test that leaves a pool open fails, and is told whose connections they are', async () => {
  const { code, output } = await outputOf('leaky');
  expect(code).toBe(1);
  expect(output).toMatch(/Database test_\w+ could not be cleaned up: connections to it were left open/);
  expect(output).toMatch(/application 'forgetful', idle since .*, last query: select 1 as one/);
});

test('what tests and hooks made is disposed of, the last first, after failures too', async () => {
  const { code, output } = await outputOf('disposal');
  expect(code).toBe(1);
  expect(output.match(/(?<=said: ).*/g)).toEqual([
    'test 2',
    'test 1',
    'hook',
    'next test',
    'hook',
    'file 3',
    'file 1',
  ]);
  expect(output).toContain('of the file, second could not be cleaned up: cannot');
});

test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
  'a test run that is ended by %s leaves no Postgres, no Redis and no process behind',
  async (signal) => {
    const run = await runVitest('never-ending', (line) => line.startsWith('started '));
    const pids = run.lines.at(-1)?.split(' ').slice(1).map(Number) ?? [];
    expect(pids).toHaveLength(4);
    expect(pids.filter(isAlive)).toEqual(pids);
    await run.kill(signal);
    await eventually(() => expect(pids.filter(isAlive)).toEqual([]), {
      what: 'everything that the tests started is gone',
      deadlineMs: 30_000,
    });
  },
);
