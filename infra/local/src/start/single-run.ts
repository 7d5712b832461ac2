import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join, relative } from 'node:path';
import { Refusal } from './refusal.ts';

/**
 * Makes sure that one launcher at most uses a state folder: it listens on a socket in it. Unlike a file with a pid, the
 * socket answers exactly as long as its launcher lives, so a crash leaves nothing to clean up by hand.
 *
 * @throws Refusal when a system is already running.
 * @returns how to let go of the folder.
 */
export async function claim(stateFolder: string): Promise<() => void> {
  // Relative, because the path of a socket must be shorter than 104 characters.
  const path = relative(process.cwd(), join(stateFolder, 'launcher.sock'));
  if (await answers(path)) {
    throw new Refusal(
      `Freshet is already running from ${stateFolder}: stop it with Ctrl-C where it was started, or start another one with --state FOLDER.`,
    );
  }
  await rm(path, { force: true });
  const server = createServer((socket) => socket.destroy());
  server.listen(path);
  await once(server, 'listening');
  server.unref();
  return () => server.close();
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
