import type { Server, ServerResponse } from 'node:http';

/**
 * The responses that are not finished yet. When the server stops, they end with their connection, so that
 * no caller keeps a connection for its next request that nobody would answer.
 */
export class OpenResponses {
  readonly #open = new Set<ServerResponse>();
  readonly #server: Server;
  #stopping = false;

  /** Must be made before the server's own handler is added. */
  constructor(server: Server) {
    this.#server = server;
    server.on('request', (_request, response: ServerResponse) => {
      this.#open.add(response);
      if (this.#stopping) response.setHeader('Connection', 'close');
      response.once('close', () => {
        this.#open.delete(response);
        // Its headers may have been sent before the stop: the connection is idle now, and stays open.
        if (this.#stopping) setImmediate(() => this.#server.closeIdleConnections());
      });
    });
  }

  stop(): void {
    this.#stopping = true;
    for (const response of this.#open) {
      if (!response.headersSent) response.setHeader('Connection', 'close');
    }
    this.#server.closeIdleConnections();
  }
}
