import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { LocalError } from './local-error.ts';

// Below every system's ephemeral range (32768 on Linux, 49152 elsewhere). A port from that range, as
// listen(0) gives, can be taken by any outgoing connection while its server is being restarted; worse, a
// client that keeps reconnecting to it can be connected to itself.
const lowest = 15_000;
const highest = 32_000;
const attempts = 200;

const handedOut = new Set<number>();

/**
 * A TCP port of 127.0.0.1 on which nothing listens, never the same twice in one process.
 *
 * @throws LocalError FRESHET_LOCAL_NO_FREE_PORT
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowest, highest);
    if (!handedOut.has(port) && (await isFree(port))) {
      handedOut.add(port);
      return port;
    }
  }
  throw new LocalError(
    'FRESHET_LOCAL_NO_FREE_PORT',
    `No free TCP port was found between ${lowest} and ${highest} in ${attempts} attempts.`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
