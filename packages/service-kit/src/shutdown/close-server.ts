import type { Server } from 'node:http';
import { within } from './within.ts';

/**
 * Stops accepting, closes idle keep-alive connections and lets the requests that run finish.
 * After `ms` the rest is cut off. Answers whether every request could finish.
 */
export async function closeServer(server: Server, ms: number): Promise<boolean> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // Responses that are under way end with their connection: their callers must come back on another.
  server.on('request', (_request, response) => response.setHeader('Connection', 'close'));
  server.closeIdleConnections();
  try {
    await within(ms, () => closed);
    return true;
  } catch {
    server.closeAllConnections();
    await closed;
    return false;
  }
}
