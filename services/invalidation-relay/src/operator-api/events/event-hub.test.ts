import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { disposeAtEnd, eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { manualClock } from '../../../test/manual-clock.ts';
import { EventHub } from './event-hub.ts';

test('nothing is looked at before somebody listens, nor for long after the last has left', async () => {
  const clock = manualClock();
  let looks = 0;
  const hub = new EventHub({
    clock,
    sources: () => [
      {
        async look() {
          looks++;
          return [];
        },
      },
    ],
    overview: async () => ({}),
  });
  const server = createServer((_, response) => hub.add(response, undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  disposeAtEnd('the server', async () => {
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  expect(looks).toBe(0);

  const leaving = new AbortController();
  const { port } = server.address() as AddressInfo;
  await fetch(`http://127.0.0.1:${port}`, { signal: leaving.signal });
  await eventually(() => looks > 0 && clock.waiting() === 1, { what: 'it looks, and rests' });
  leaving.abort();
  await eventually(() => clock.waiting() === 2, { what: 'it lingers' });
  clock.advance(500);
  await eventually(() => looks > 1 && clock.waiting() === 2, { what: 'it still looks' });
  clock.advance(29_500);
  await eventually(() => clock.waiting() === 0, { what: 'it has stopped' });
});

test('a look that ends after the hub was closed writes to nobody', async () => {
  const found = Promise.withResolvers<void>();
  const looking = Promise.withResolvers<void>();
  const hub = new EventHub({
    clock: manualClock(),
    sources: () => [
      {
        async look() {
          looking.resolve();
          await found.promise;
          return [{ name: 'finding', data: {} }];
        },
      },
    ],
    overview: async () => ({}),
  });
  const responded = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, response) => {
    hub.add(response, undefined);
    responded.resolve(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  disposeAtEnd('the server', async () => {
    found.resolve();
    await hub.close();
    server.closeAllConnections();
    server.close();
  });

  const { port } = server.address() as AddressInfo;
  const listener = await fetch(`http://127.0.0.1:${port}`);
  await looking.promise;
  const errors: Error[] = [];
  (await responded.promise).on('error', (error) => errors.push(error));
  const closed = hub.close();
  found.resolve();
  await closed;
  expect(await listener.text()).toBe('retry: 2000\n\n');
  expect(errors).toEqual([]);
});
