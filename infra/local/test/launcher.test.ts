import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { preferredPorts } from '../src/start/topology.ts';
import { alive, descendantsOf, kill, type Launched, launch } from './launched.ts';

// A whole system starts in a few seconds, and in many more on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const run = promisify(execFile);
const within = { timeout: 60_000, interval: 50 };

describe('a running system', () => {
  let launched: Launched;
  beforeAll(async () => {
    launched = await launch({});
    await launched.untilUp();
  }, 180_000);
  afterAll(() => launched.dispose());

  test('system.json names every process, and all of them are ready', async () => {
    const system = await launched.system();
    expect(system.processes.map(({ name }) => name)).toEqual([
      'user-service-1',
      'user-service-2',
      'inventory-service-1',
      'inventory-service-2',
      'invalidation-relay-1',
      'invalidation-relay-2',
    ]);
    expect(system.infrastructure.map(({ name }) => name).toSorted()).toEqual([
      'gateway',
      'postgres',
      'redis-cache',
      'redis-queue',
    ]);
    expect(system.console).toBe(system.processes[4]?.url);
    const pids = [...system.processes, ...system.infrastructure].map(({ pid }) => pid);
    expect(alive(pids)).toEqual(pids);
    for (const url of [system.gateway, ...system.processes.map((process) => process.url)]) {
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    }
  });

  test('the console is there for a browser', async () => {
    const { console: url } = await launched.system();
    const page = await fetch(url, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('text/html');
  });

  test('the tour goes as promised, fits into 80 columns, and has no colour where there is no terminal', () => {
    const output = launched.output();
    expect(output).toContain('5  Stock is strong');
    expect(output).not.toContain('NOT AS PROMISED');
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(output).not.toContain('\u001B');
  });

  test('every address that is announced answers', async () => {
    const announced = launched.output().split('Where everything is\n')[1]?.split('\n\n')[0] ?? '';
    const [gateway, ...urls] = announced.match(/http:\S+/g) ?? [];
    expect(gateway).toBe((await launched.system()).gateway);
    expect(urls).toHaveLength(4);
    const answers = await Promise.all(urls.map(async (url) => ({ url, status: (await fetch(url)).status })));
    expect(answers).toEqual(urls.map((url) => ({ url, status: 200 })));
  });

  test('the lines to copy work as they are', async () => {
    const lines = launched.output().split('Try it\n')[1]?.split('\n\n')[0] ?? '';
    const commands = lines.split(/\n(?=curl)/);
    expect(commands).toHaveLength(6);
    for (const command of commands) {
      const { stdout } = await run('bash', ['-c', command]);
      expect(stdout).toMatch(/^HTTP\/1\.1 20[01] /);
    }
  });

  test('an idle connection to a replica lives longer there than in the gateway', async () => {
    const { processes } = await launched.system();
    for (const { url } of processes) {
      const { headers } = await fetch(`${url}/livez`);
      // `timeout server` in haproxy.cfg is 12 s.
      expect(Number(/timeout=(\d+)/.exec(headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(12);
    }
  });

  test('whatever dies is started again on the same port, and system.json says so', async () => {
    const before = await launched.system();
    await inQueue(before.redisQueue, (queue) => queue.set('job', 'waits'));
    for (const victims of [before.processes, before.infrastructure]) {
      for (const { pid } of victims) process.kill(pid, 'SIGKILL');
      await vi.waitFor(async () => {
        const { processes, infrastructure } = await launched.system();
        const now = new Map([...processes, ...infrastructure].map(({ name, pid }) => [name, pid]));
        const replaced = victims.filter(
          ({ name, pid }) => now.get(name) !== pid && alive([now.get(name) ?? 0]).length === 1,
        );
        expect(replaced).toEqual(victims);
      }, within);
    }
    const after = await launched.system();
    expect({ ...after, processes: [], infrastructure: [] }).toEqual({
      ...before,
      processes: [],
      infrastructure: [],
    });
    expect(after.processes.map(({ url }) => url)).toEqual(before.processes.map(({ url }) => url));
    for (const url of [...after.processes.map((process) => process.url), after.gateway]) {
      await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), within);
    }
    expect(await inQueue(after.redisQueue, (queue) => queue.get('job')), 'the queue lost nothing').toBe(
      'waits',
    );
  });

  test('a second one in the same folder is refused, and the first goes on', async () => {
    const second = await launch({ stateFolder: launched.stateFolder });
    onTestFinished(() => second.dispose());
    expect(await second.exited).toBe(1);
    expect(second.output()).toMatch(/^Freshet is already running from .*: stop it .*\n$/);
    const { gateway, processes } = await launched.system();
    for (const url of [gateway, ...processes.map((process) => process.url)]) {
      expect((await fetch(`${url}/livez`)).status).toBe(200);
    }
  });

  test('Ctrl-C stops all of it in order and leaves nothing behind', async () => {
    const pids = descendantsOf(launched.pid);
    expect(pids.length).toBeGreaterThan(10);
    // The terminal signals, and npm once more: together they are one key press.
    for (let count = 0; count < 10; count++) {
      launched.signal('SIGINT');
      // Apart, or the system makes one signal of them.
      await delay(5);
    }
    expect(await launched.exited).toBe(0);
    expect(alive(pids)).toEqual([]);
    expect(existsSync(join(launched.stateFolder, 'system.json'))).toBe(false);
  });
});

test('SIGTERM to npm, which passes nothing on, stops all of it', async () => {
  const launched = await launch({ command: ['npm', 'start', '--'], args: ['--no-tour'] });
  onTestFinished(() => launched.dispose());
  await launched.untilUp();
  const pids = descendantsOf(launched.pid);
  onTestFinished(() => pids.forEach(kill));
  launched.signal('SIGTERM');
  await launched.exited;
  await vi.waitFor(() => expect(alive(pids)).toEqual([]), within);
  expect(existsSync(join(launched.stateFolder, 'system.json'))).toBe(false);
});

test('one replica of each is possible, and the launcher does not outlive its parent', async () => {
  const launched = await launch({ args: ['--no-tour', '--replicas', '1'] });
  onTestFinished(() => launched.dispose());
  const { processes } = await launched.untilUp();
  expect(processes).toHaveLength(4);
  const pids = descendantsOf(launched.pid);
  onTestFinished(() => pids.forEach(kill));
  launched.signal('SIGKILL');
  await vi.waitFor(() => expect(alive(pids)).toEqual([]), within);
  expect(existsSync(join(launched.stateFolder, 'system.json'))).toBe(false);
});

test('other ports are picked when the usual ones are taken, and a second Ctrl-C kills at once', async () => {
  const takenPort = await occupy(preferredPorts.gateway);
  const launched = await launch({ args: ['--no-tour', '--replicas', '1'] });
  onTestFinished(() => launched.dispose());
  const { gateway } = await launched.untilUp();
  const { hostname, port } = new URL(gateway);
  expect(Number(port)).not.toBe(takenPort);

  // A request whose body never ends: an orderly stop waits for it, within its deadline.
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write(
    'POST /users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
  );
  await once(socket, 'ready');

  const pids = descendantsOf(launched.pid);
  const folders = await foldersOf(pids);
  expect(folders).toHaveLength(3);
  launched.signal('SIGINT');
  await vi.waitFor(() => expect(launched.output()).toContain('Stopping'), within);
  // Presses that come closer together count as one.
  await vi.waitUntil(
    () => {
      launched.signal('SIGINT');
      return alive([launched.pid]).length === 0;
    },
    { ...within, interval: 600 },
  );
  expect(await launched.exited).toBe(130);
  await vi.waitFor(() => expect(alive(pids)).toEqual([]), within);
  await vi.waitFor(() => expect(folders.filter((folder) => existsSync(folder))).toEqual([]), within);
});

async function inQueue<T>(url: string, ask: (queue: Redis) => Promise<T>): Promise<T> {
  const queue = new Redis(url, { lazyConnect: true });
  try {
    await queue.connect();
    return await ask(queue);
  } finally {
    queue.disconnect();
  }
}

/** The folders of the stores among the processes. */
async function foldersOf(pids: readonly number[]): Promise<string[]> {
  const { stdout } = await run('ps', ['-o', 'args=', '-p', pids.join(',')]);
  return [...new Set(stdout.match(/\/\S*\/freshet-(?:postgres|redis)-\S+/g))];
}

/** Takes a port, unless somebody has it already. */
async function occupy(port: number): Promise<number> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening').catch(() => {});
  return port;
}
