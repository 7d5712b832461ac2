import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from './free-port.ts';

test('a port can be listened on, and is outside of the ranges that outgoing connections use', async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
  expect(port).toBeGreaterThan(1024);
  expect(port).toBeLessThan(32_768);
});

test('no port is handed out twice', async () => {
  const ports = new Set<number>();
  for (let count = 0; count < 2_000; count += 1) ports.add(await freePort());
  expect(ports.size).toBe(2_000);
});
