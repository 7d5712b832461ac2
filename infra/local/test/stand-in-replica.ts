import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Delivery {
  readonly replica: string;
  readonly method: string;
  readonly body: string;
  /** Counts over all replicas that share the list of deliveries, from 1. */
  readonly number: number;
}

export interface StandInReplica {
  readonly name: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A replica that says it is ready and otherwise does what it is told; what reaches it is written down. */
export async function standInReplica(options: {
  readonly name: string;
  readonly deliveries: Delivery[];
  readonly answer: (delivery: Delivery, response: ServerResponse) => void;
  readonly ready?: () => boolean;
}): Promise<StandInReplica> {
  const deliver = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const number = options.deliveries.length + 1;
    const delivery = { replica: options.name, method: request.method ?? '', body, number };
    options.deliveries.push(delivery);
    options.answer(delivery, response);
  };
  const server = createServer((request, response) => {
    if (request.url === '/readyz') {
      response.writeHead((options.ready?.() ?? true) ? 200 : 503).end();
      return;
    }
    void deliver(request, response);
  });
  // Longer than the gateway keeps an idle connection, as in the services.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    name: options.name,
    port: (server.address() as AddressInfo).port,
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
