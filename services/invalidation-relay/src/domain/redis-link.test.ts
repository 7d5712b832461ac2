import { disposeAtEnd, eventually, startFaultProxy, startRedis } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { connectRedisLink } from './redis-link.ts';

test('a SUBSCRIBE that is not answered after a reconnect ends nothing, and is tried again', async () => {
  const redis = await startRedis();
  const proxy = await startFaultProxy({ url: redis.url });
  let asked = 0;
  proxy.watch((chunk, direction) => {
    if (direction === 'toServer' && /\r\nsubscribe\r\n/i.test(chunk.toString())) asked += 1;
  });
  const link = connectRedisLink(proxy.url, 'shop', 'relay');
  disposeAtEnd('the link', async () => link.close());
  let rings = 0;
  link.onDoorbell(() => {
    rings += 1;
  });
  await eventually(() => rings === 1, { what: 'the link listens' });

  const stopHolding = proxy.watch((chunk, direction) => {
    if (direction === 'toServer' && /\r\nsubscribe\r\n/i.test(chunk.toString())) proxy.pause('toClient');
  });
  asked = 0;
  proxy.cut();
  // Both connections wait for answers until they give up, and are made anew: a rejection that nobody hears fails this file.
  await eventually(() => asked > 0 && proxy.stats().heldBytes > 0, { what: 'the answer is held' });
  expect(asked, 'it asks once for each connection').toBe(1);
  const { connections } = proxy.stats();
  await eventually(() => proxy.stats().connections > connections, { what: 'it has given up' });
  stopHolding();
  proxy.resume();
  await eventually(() => rings > 1, { what: 'the link listens again' });
});
