import { connectRedis } from '@freshet/cache-core';
import { type Inspector, openInspector, systemClock } from '@freshet/cache-core/protocol';
import { disposeAtEnd, eventually, startFaultProxy } from '@freshet/test-kit';
import { beforeAll, expect, test } from 'vitest';
import { Shop } from './shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open();
});

async function inspector({ patienceMs = 10_000 } = {}): Promise<Inspector> {
  const redis = connectRedis(shop.redis.url, { commandTimeoutMs: 5_000 });
  const opened = openInspector({ redis, domain: 'shop', clock: systemClock, patienceMs });
  disposeAtEnd('The inspector', async () => {
    await opened.close();
    redis.disconnect();
  });
  await eventually(async () => (await shop.inspector.pubsub('CHANNELS', 'cache:inspected:*')).length > 0, {
    what: 'the inspector listens',
  });
  return opened;
}

const L1 = { hit: 'l1' };

test('replicas tell the version of what they hold, and nothing of what they do not', async () => {
  const version = await shop.put('item', 'told', 7);
  const [holds, empty] = [await shop.replica(), await shop.replica()];
  await holds.items.get('told');
  await holds.items.get('nobody');
  const asking = await inspector();

  const answers = await asking.ask({ keys: ['shop:item:told', 'shop:item:nobody', 'other:item:told', 'x'] });
  const by = new Map(answers.map((answer) => [answer.replica.replicaId, answer]));
  expect(by.get(holds.cache.state().replicaId)).toMatchObject({
    replica: { service: 'shop', instance: 'shop', mode: 'l1', reads: 2, hits: 0, l1: { entries: 2 } },
    held: [
      { key: 'shop:item:told', version, found: true, served: true },
      { key: 'shop:item:nobody', version: '0', found: false, served: true },
    ],
  });
  expect(by.get(empty.cache.state().replicaId)).toMatchObject({ held: [], sample: [] });
});

test('a question counts nothing, keeps nothing longer, and loads nothing', async () => {
  await shop.put('item', 'old', 1);
  await shop.put('item', 'new', 1);
  const { cache, items, loads } = await shop.replica({ item: { l1: { maxEntries: 2 } } });
  await items.get('old');
  await items.get('new');
  const asking = await inspector();
  const before = { stats: cache.stats(), loads: loads() };
  const answers = await asking.ask({ keys: ['shop:item:old', 'shop:item:unread'], sample: 10 });
  const mine = answers.find(({ replica }) => replica.replicaId === cache.state().replicaId);
  expect(mine?.sample.map(({ key }) => key).toSorted()).toEqual(['shop:item:new', 'shop:item:old']);
  expect({ stats: cache.stats(), loads: loads() }).toEqual(before);
  // Its place in the order has not changed: the next one pushes it out.
  await shop.put('item', 'next', 1);
  await items.get('next');
  expect((await items.read('new')).cache).toMatchObject(L1);
  expect((await items.read('old')).cache).not.toMatchObject(L1);
});

test('replicas tell when they applied an entry of the log', async () => {
  const { cache } = await shop.replica();
  const asking = await inspector();
  const begin = Date.now();
  await shop.put('item', 'logged', 1);
  await shop.settle();
  const { lastId } = (await shop.relay.protocol.renew('reader', '0-0', 100)) as { lastId: string };
  const [blessing, n] = lastId.split('-');
  const next = `${blessing}-${Number(n) + 1}`;
  const answers = await asking.ask({ logIds: [lastId, next] });
  const mine = answers.find(({ replica }) => replica.replicaId === cache.state().replicaId);
  expect(Object.keys(mine?.applied ?? {})).toEqual([lastId]);
  expect(mine?.applied[lastId]).toBeGreaterThanOrEqual(begin);
  expect(mine?.applied[lastId]).toBeLessThanOrEqual(Date.now());
});

test('a replica that does not answer is not waited for longer than was said', async () => {
  const proxy = await startFaultProxy({ url: shop.redis.url });
  const silent = await shop.replica({ redisUrl: proxy.url });
  const answering = await shop.replica();
  const asking = await inspector({ patienceMs: 300 });
  proxy.pause('toServer');
  const answers = await asking.ask({ keys: ['shop:item:any'] });
  const ids = answers.map(({ replica }) => replica.replicaId);
  expect(ids).toContain(answering.cache.state().replicaId);
  expect(ids).not.toContain(silent.cache.state().replicaId);
  expect(proxy.stats().heldBytes).toBeGreaterThan(0);
  proxy.resume();
});

test('what memory holds without a lease is told, and that no reader gets it', async () => {
  await shop.put('item', 'unproven', 1);
  const replica = await shop.replica();
  await replica.items.get('unproven');
  const asking = await inspector();
  shop.relay.stopTicking();
  await eventually(() => replica.cache.state().mode === 'degraded', { what: 'nothing is proven any more' });
  const answers = await asking.ask({ keys: ['shop:item:unproven'] });
  shop.relay.keepTicking();
  const mine = answers.find((answer) => answer.replica.replicaId === replica.cache.state().replicaId);
  expect(mine).toMatchObject({ replica: { mode: 'degraded', leaseMs: 0 }, held: [{ served: false }] });
});
