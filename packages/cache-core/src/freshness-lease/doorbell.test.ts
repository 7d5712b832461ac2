import { disposeAtEnd, eventually, type FaultProxy, startFaultProxy } from '@freshet/test-kit';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { type Domain, type ProtocolRedis, startProtocolRedis } from '../../test/protocol-redis.ts';
import { connectRedis } from '../redis/connect.ts';
import { listen } from './doorbell.ts';

let real: ProtocolRedis;
let proxy: FaultProxy;
let clock: FakeClock;
let domain: Domain;
let channel: string;
let rings: number;

beforeAll(async () => {
  real = await startProtocolRedis();
});

beforeEach(async () => {
  proxy = await startFaultProxy({ url: real.server.url });
  clock = new FakeClock();
  domain = real.newDomain();
  channel = `cache:invalidate:${domain.head.slice('{coherence:'.length, -'}:head'.length)}`;
  rings = 0;
});

const subscribers = async (): Promise<number> => Number((await real.redis.pubsub('NUMSUB', channel))[1]);
const subscribed = (): Promise<boolean> =>
  eventually(async () => (await subscribers()) === 1, { what: 'the doorbell is subscribed' });

/** The answer closes it. */
function listenThroughProxy(): () => Promise<void> {
  const redis = connectRedis(proxy.url, { commandTimeoutMs: 1_000 });
  const onRing = () => rings++;
  const doorbell = listen(redis, clock, { channels: new Map([[channel, onRing]]), onListening: onRing });
  disposeAtEnd('Doorbell', async () => {
    await doorbell.close();
    redis.disconnect();
  });
  return () => doorbell.close();
}

async function hears(): Promise<void> {
  const before = rings;
  await domain.protocol.ring();
  await eventually(() => rings > before, { what: 'the doorbell was heard' });
}

test('rings when something is published, and once when it begins to listen', async () => {
  listenThroughProxy();
  await subscribed();
  await eventually(() => rings > 0, { what: 'the first ring, for what came before' });
  await hears();
});

test('rings after a lost connection, for what rang meanwhile, and listens again', async () => {
  listenThroughProxy();
  await subscribed();
  await hears();
  const before = rings;
  proxy.cut();
  await eventually(() => rings > before, { what: 'a ring after the reconnect' });
  expect(proxy.stats().cut).toBeGreaterThan(0);
  await subscribed();
  await hears();
});

test('listens in the end when Redis could not be reached at first', async () => {
  await proxy.refuse();
  listenThroughProxy();
  // Long enough for an attempt to have failed, and what waited for it with it.
  const attempts = connectRedis(proxy.url);
  disposeAtEnd('Connection', async () => attempts.disconnect());
  await new Promise<void>((resolve) => {
    attempts.once('reconnecting', () => attempts.once('reconnecting', () => resolve()));
  });
  await proxy.accept();
  await subscribed();
  await hears();
  expect(await subscribers()).toBe(1);
});

test('notices a connection that is half open, and makes another', async () => {
  listenThroughProxy();
  await subscribed();
  await hears();
  const { connections } = proxy.stats();
  proxy.drop('toClient');
  await domain.protocol.ring();
  await eventually(() => proxy.stats().droppedBytes > 0, { what: 'a ring was lost' });
  await clock.advance(5_000);
  await eventually(() => proxy.stats().connections > connections, { what: 'another connection' });
  proxy.resume();
  await eventually(hears, { what: 'the new connection hears' });
});

test('stays silent once it is closed', async () => {
  const close = listenThroughProxy();
  await subscribed();
  await close();
  await eventually(async () => (await subscribers()) === 0, { what: 'nobody listens' });
  const before = rings;
  await domain.protocol.ring();
  expect(rings).toBe(before);
  expect(clock.pending).toBe(0);
});
