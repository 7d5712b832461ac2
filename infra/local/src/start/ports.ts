import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { freePort } from '../parts/free-port.ts';

/**
 * Whoever listens here may have the preferred ports. Between picking a port and the moment at which its process listens
 * there are seconds: of two launchers that start at the same time, one picks others from the beginning.
 */
const LOBBY = 15_431;

let ownsLobby: Promise<boolean> | undefined;

/** The preferred port of 127.0.0.1, or any free one when something listens there or another launcher may want it. */
export async function pickPort(preferred: number): Promise<number> {
  ownsLobby ??= takeLobby();
  return (await ownsLobby) && (await isFree(preferred)) ? preferred : await freePort();
}

/** Kept until this process ends. */
async function takeLobby(): Promise<boolean> {
  const lobby = await listen(LOBBY);
  lobby?.unref();
  return lobby !== undefined;
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  server.close();
  await once(server, 'close');
  return true;
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
