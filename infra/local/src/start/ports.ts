import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort } from '../parts/free-port.ts';

const taken = new Set<number>();

/** The preferred port of 127.0.0.1, or any free one when something listens there. */
export async function pickPort(preferred: number): Promise<number> {
  const port = !taken.has(preferred) && (await isFree(preferred)) ? preferred : await freePort();
  taken.add(port);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
