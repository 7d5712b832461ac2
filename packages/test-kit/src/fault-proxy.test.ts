import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { freePort } from '@freshet/local';
import { expect, test } from 'vitest';
import { disposeAtEnd } from './disposal.ts';
import { eventually } from './eventually.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy } from './network/index.ts';

/** A server that answers 'ping' with 'pong', and remembers all that it got. */
async function startServer() {
  const received: string[] = [];
  const closed: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (chunk) => {
      received.push(chunk.toString());
      socket.write(chunk.toString().replaceAll('ping', 'pong'));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => closed.push(error.code ?? ''));
    socket.on('end', () => closed.push('end'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  disposeAtEnd('example server', async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, received, closed };
}

async function startClient(proxy: FaultProxy) {
  const socket = connect(proxy.port, '127.0.0.1');
  const client = { socket, got: '', errors: [] as string[], ended: false };
  socket.on('data', (chunk) => {
    client.got += chunk.toString();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => client.errors.push(error.code ?? ''));
  socket.on('end', () => {
    client.ended = true;
  });
  disposeAtEnd('example client', async () => socket.destroy());
  await once(socket, 'connect');
  return client;
}

async function start() {
  const server = await startServer();
  const proxy = await startFaultProxy({ port: server.port });
  const client = await startClient(proxy);
  const ask = async (expected: string) => {
    client.socket.write('ping;');
    await eventually(() => client.got === expected, { what: `the client has ${expected}` });
  };
  return { server, proxy, client, ask };
}

test('without a fault, bytes and the ends of streams go through in both directions', async () => {
  const { server, proxy, client, ask } = await start();
  await ask('pong;');
  client.socket.end();
  await eventually(() => client.ended, { what: 'the server has closed its side too' });
  expect(server.closed).toEqual(['end']);
  await eventually(() => proxy.stats().open === 0, { what: 'the proxy has let go of the connection' });
  expect(proxy.stats()).toEqual({
    connections: 1,
    open: 0,
    cut: 0,
    heldBytes: 0,
    droppedBytes: 0,
    delayedBytes: 0,
  });
});

test('the URL is the target’s, with the port of the proxy', async () => {
  const { port } = await startServer();
  const proxy = await startFaultProxy({ url: `postgres://user:secret@127.0.0.1:${port}/base?a=b` });
  expect(proxy.url).toBe(`postgres://user:secret@127.0.0.1:${proxy.port}/base?a=b`);
});

test('a pause holds everything, on new connections too, and resume delivers it in order', async () => {
  const { server, proxy, client, ask } = await start();
  await ask('pong;');
  proxy.pause();
  client.socket.write('ping-1;');
  const late = await startClient(proxy);
  late.socket.write('ping-2;');
  await eventually(() => proxy.stats().heldBytes === 14, { what: 'both pings were held' });
  client.socket.end('ping-3;');
  await eventually(() => proxy.stats().heldBytes === 21, { what: 'the third ping was held' });
  expect(server.received).toEqual(['ping;']);
  proxy.resume();
  await eventually(() => client.got === 'pong;pong-1;pong-3;' && client.ended, { what: 'all answers' });
  await eventually(() => late.got === 'pong-2;', { what: 'the answer to the new connection' });
});

test('a pause in one direction lets the other one through', async () => {
  const { server, proxy, client } = await start();
  proxy.pause('toClient');
  client.socket.write('ping;');
  await eventually(() => proxy.stats().heldBytes === 5, { what: 'the answer was held' });
  expect(server.received).toEqual(['ping;']);
  expect(client.got).toBe('');
  proxy.resume();
  await eventually(() => client.got === 'pong;', { what: 'the answer' });
});

test('dropped bytes never arrive, and resume resets the connection that lost them', async () => {
  const { server, proxy, client } = await start();
  const unharmed = await startClient(proxy);
  proxy.drop('toServer');
  client.socket.write('ping;');
  await eventually(() => proxy.stats().droppedBytes === 5, { what: 'the question was dropped' });
  expect(server.received).toEqual([]);
  proxy.resume();
  await eventually(() => client.errors[0] === 'ECONNRESET', { what: 'a reset' });
  unharmed.socket.write('ping;');
  await eventually(() => unharmed.got === 'pong;', { what: 'the other connection still works' });
});

test('a watcher can make an answer to one certain question get lost', async () => {
  const { server, proxy, client, ask } = await start();
  await ask('pong;');
  const stopWatching = proxy.watch((chunk, direction) => {
    if (direction === 'toServer' && chunk.includes('COMMIT')) proxy.drop('toClient');
  });
  client.socket.write('COMMIT;');
  await eventually(() => proxy.stats().droppedBytes === 7, { what: 'the answer was dropped' });
  expect(server.received).toEqual(['ping;', 'COMMIT;']);
  expect(client.got).toBe('pong;');
  stopWatching();
});

test('a watcher that drops the very chunk that it sees', async () => {
  const { server, proxy, client } = await start();
  proxy.watch((chunk, direction) => {
    if (chunk.includes('COMMIT')) proxy.drop(direction);
  });
  client.socket.write('COMMIT;');
  await eventually(() => proxy.stats().droppedBytes === 7, { what: 'the question was dropped' });
  expect(server.received).toEqual([]);
});

test('cut resets both ends, and what a pause held is lost', async () => {
  const { server, proxy, client, ask } = await start();
  await ask('pong;');
  proxy.pause('toServer');
  client.socket.write('ping-2;');
  await eventually(() => proxy.stats().heldBytes === 7, { what: 'the question was held' });
  proxy.cut();
  await eventually(() => client.errors[0] === 'ECONNRESET', { what: 'a reset at the client' });
  await eventually(() => server.closed[0] === 'ECONNRESET', { what: 'a reset at the server' });
  proxy.resume();
  expect(server.received).toEqual(['ping;']);
  expect(proxy.stats().cut).toBe(1);
  const again = await startClient(proxy);
  again.socket.write('ping;');
  await eventually(() => again.got === 'pong;', { what: 'a new connection works' });
});

test('refuse turns new connections away and keeps the open ones; accept takes them again', async () => {
  const { proxy, ask } = await start();
  await ask('pong;');
  await proxy.refuse();
  await expect(startClient(proxy)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await ask('pong;pong;');
  await proxy.accept();
  const again = await startClient(proxy);
  again.socket.write('ping;');
  await eventually(() => again.got === 'pong;', { what: 'a new connection works' });
});

test('a delay holds each chunk for that long, in order', async () => {
  const { proxy, client, ask } = await start();
  await ask('pong;');
  proxy.delay(60, 'toServer');
  const startedMs = performance.now();
  client.socket.write('ping-1;');
  await eventually(() => client.got === 'pong;pong-1;', { what: 'the answer' });
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(60);
  client.socket.write('ping-2;');
  proxy.delay(0);
  client.socket.write('ping-3;');
  await eventually(() => client.got.endsWith('pong-3;'), { what: 'the last answer' });
  expect(client.got).toBe('pong;pong-1;pong-2;pong-3;');
});

test('a server that is not there resets the client', async () => {
  const proxy = await startFaultProxy({ port: await freePort() });
  const client = await startClient(proxy);
  await eventually(() => expect(client.errors).toEqual(['ECONNRESET']), { what: 'a reset' });
});
