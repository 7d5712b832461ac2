import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Sends bytes as they are and answers everything that comes back until the server closes: for requests that no client would send. */
export async function rawExchange(url: string, request: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  await once(socket, 'connect');
  socket.write(request);
  return text(socket);
}
