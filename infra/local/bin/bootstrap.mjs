// The door of `npm start` and `npm test`: needs Node ≥ 20 and npm, and nothing else. It installs what is missing, then
// hands over to the project's own Node. Plain JavaScript without dependencies: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const installer = ['npx', '--yes', 'pnpm@12.21.0', 'install', '--frozen-lockfile'];
const OLDEST_NODE = 20;
// A terminal and npm both signal for one Ctrl-C, within a few milliseconds.
const ONE_KEY_PRESS_MS = 500;
const PARENT_CHECK_MS = 250;

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const projectNode = join(root, 'node_modules/.bin/node');
const condition = '--conditions=@freshet/source';

const commands = {
  start: [projectNode, condition, 'infra/local/src/start/main.ts'],
  test: [projectNode, join(root, 'node_modules/vitest/vitest.mjs'), 'run'],
};
// What the relays serve to browsers; nothing to do when it is there already. The tests that need it make it themselves.
const buildConsole = [projectNode, 'infra/build/console.mjs'];

void bootstrap(process.argv[2], process.argv.slice(3));

/** No top-level await: an old Node must get as far as the sentence about its age. */
async function bootstrap(name, options) {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    fail(
      `Freshet needs Node ${OLDEST_NODE} or newer and this is ${process.versions.node}: install one from https://nodejs.org, then try again.`,
    );
  }
  const command = commands[name];
  if (command === undefined) fail(`Say what to do: bootstrap.mjs ${Object.keys(commands).join('|')}`);

  if (!isInstalled()) {
    console.log('Installing what is missing (less than a minute the first time) …');
    const install = await run([...installer, '--reporter=append-only', '--loglevel=error']);
    if (install.error)
      fail(
        `npx could not be started (${install.error.code}): install npm, which comes with Node, then try again.`,
      );
    if (install.interrupted) process.exit(130);
    if (install.code !== 0)
      fail(`Installing failed, see above. Is the npm registry reachable? Try: ${installer.join(' ')}`);
  }

  if (name === 'start') {
    const build = await run(buildConsole);
    if (build.interrupted) process.exit(130);
    if (build.code !== 0) fail('Without the console nothing is started: see above.');
  }

  const main = await run([...command, ...options]);
  if (main.error)
    fail(
      `The project's own Node could not be started (${main.error.code}): remove node_modules, then try again.`,
    );
  // Ends the way the child ended, so that a shell sees the truth.
  if (main.signal !== null) process.kill(process.pid, main.signal);
  process.exitCode = main.code ?? 1;
}

/** pnpm keeps a copy of the lockfile that it installed: the same text means that there is nothing to do. */
function isInstalled() {
  const wanted = textOf(join(root, 'pnpm-lock.yaml'));
  const installed = textOf(join(root, 'node_modules/.pnpm/lock.yaml'));
  return (
    wanted !== undefined &&
    wanted === installed &&
    existsSync(projectNode) &&
    workspaceFolders().every(hasModules)
  );
}

function workspaceFolders() {
  const below = (folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name));
  return [...below('packages'), ...below('services'), ...below('infra')];
}

function hasModules(folder) {
  return existsSync(join(folder, 'node_modules')) || !existsSync(join(folder, 'package.json'));
}

function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/**
 * Runs a command as the leader of its own process group and passes signals on, so that the child sees exactly one
 * signal for each Ctrl-C: a terminal signals its whole foreground group and npm signals its child once more, while a
 * second Ctrl-C has a meaning of its own (stop at once).
 */
function run([file, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    let interrupted = false;
    const release = listenForTheEnd((signal) => {
      interrupted = true;
      child.kill(signal);
    });
    child.once('error', (error) => {
      release();
      resolve({ error });
    });
    child.once('exit', (code, signal) => {
      release();
      // Whoever is left of the group (a test worker, a script of the installer) has lost its leader and goes as well.
      killGroup(child);
      resolve({ code, signal, interrupted });
    });
  });
}

/** Calls `end` with the signal to pass on. The parent's death sends none: `kill` on npm reaches nobody else. */
function listenForTheEnd(end) {
  let lastInterrupt = Number.NEGATIVE_INFINITY;
  const listeners = {
    SIGINT: () => {
      const now = performance.now();
      if (now - lastInterrupt > ONE_KEY_PRESS_MS) end('SIGINT');
      lastInterrupt = now;
    },
    SIGTERM: () => end('SIGTERM'),
    SIGHUP: () => end('SIGHUP'),
  };
  for (const [signal, listener] of Object.entries(listeners)) process.on(signal, listener);

  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end('SIGTERM');
  }, PARENT_CHECK_MS);

  return () => {
    clearInterval(watch);
    for (const [signal, listener] of Object.entries(listeners)) process.off(signal, listener);
  };
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody is left, as it should be.
  }
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
