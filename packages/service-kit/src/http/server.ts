import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartupError } from '../startup-error.ts';

/** Longer than the gateway keeps an idle connection (60 s): it is never the service that hangs up first. */
const keepAliveTimeoutMs = 65_000;
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 30_000;

/**
 * Listens, and answers the server with its URL.
 *
 * @throws StartupError `FRESHET_PORT_TAKEN`, `FRESHET_PORT_REFUSED`.
 */
export async function listen(
  handler: RequestListener,
  { host, port }: { host: string; port: number },
): Promise<{ server: Server; port: number; url: string }> {
  const server = createServer(
    {
      keepAliveTimeout: keepAliveTimeoutMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
    },
    handler,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    throw listenError(error, host, port);
  });
  const bound = (server.address() as AddressInfo).port;
  return { server, port: bound, url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}` };
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return new StartupError(
        'FRESHET_PORT_TAKEN',
        `Port ${port} on ${host} is taken: stop its owner, or set PORT (0 picks a free one).`,
        { cause: error },
      );
    case 'EACCES':
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartupError(
        'FRESHET_PORT_REFUSED',
        `Cannot listen on ${host}:${port} (${code}): set HOST and PORT to an address of this machine.`,
        { cause: error },
      );
    default:
      return error;
  }
}
