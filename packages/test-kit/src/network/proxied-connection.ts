import { connect, type Socket } from 'node:net';
import { Channel } from './channel.ts';
import type { NetworkFaults } from './network-faults.ts';

/** A client's connection and the one to the server that it is joined to; when one breaks, both are reset. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #channels: readonly Channel[];

  constructor(client: Socket, targetPort: number, faults: NetworkFaults, onClose: () => void) {
    this.#client = client;
    this.#server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    client.setNoDelay(true);
    this.#channels = [
      new Channel('toServer', client, this.#server, faults),
      new Channel('toClient', this.#server, client, faults),
    ];
    let open = 2;
    for (const socket of [client, this.#server]) {
      socket.on('error', () => this.reset());
      socket.once('close', () => {
        open -= 1;
        if (open === 0) onClose();
      });
    }
  }

  reset(): void {
    this.#client.resetAndDestroy();
    if (this.#server.connecting) this.#server.destroy();
    else this.#server.resetAndDestroy();
  }

  /** Sends on what a fault held back, or resets when it threw bytes away. */
  recover(): void {
    if (this.#channels.some((channel) => channel.hasHole)) this.reset();
    else for (const channel of this.#channels) channel.pump();
  }
}
