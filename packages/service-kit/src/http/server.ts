import { createServer, type RequestListener, type Server } from 'node:http';
import { within } from '../shutdown/within.ts';
import { StartupError } from '../startup-error.ts';
import { OpenResponses } from './open-responses.ts';
import { refuseRequest } from './refused-request.ts';

/** Longer than the gateway keeps an idle connection (60 s): it is never the service that hangs up first. */
const keepAliveTimeoutMs = 65_000;
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 30_000;

export interface ListeningServer {
  readonly port: number;
  readonly url: string;
  /**
   * Stops accepting, closes idle keep-alive connections and lets the requests that run finish; after `ms`
   * the rest is cut off. Answers whether every request could finish.
   */
  close(ms: number): Promise<boolean>;
}

/**
 * Serves `handler` on `host` and `port` (0: a free one).
 *
 * @throws StartupError `FRESHET_PORT_TAKEN`, `FRESHET_PORT_REFUSED`.
 */
export async function listen(
  handler: RequestListener,
  { host, port }: { host: string; port: number },
): Promise<ListeningServer> {
  const server = createServer({
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
  });
  const responses = new OpenResponses(server);
  server.on('request', handler);
  server.on('clientError', refuseRequest);
  const bound = await bind(server, host, port);
  return {
    port: bound,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: (ms) => close(server, responses, ms),
  };
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    throw bindError(error, host, port);
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function bindError(error: unknown, host: string, port: number): unknown {
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

async function close(server: Server, responses: OpenResponses, ms: number): Promise<boolean> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  responses.stop();
  try {
    await within(ms, () => closed);
    return true;
  } catch {
    server.closeAllConnections();
    await closed;
    return false;
  }
}
