import { expect, test } from 'vitest';
import type { EventData } from '../src/operator-api/schemas/events.ts';
import { listenToEvents } from './event-listener.ts';
import { startApi } from './operator-api.ts';
import { createRelayFixture } from './relay-fixture.ts';

type Invalidation = EventData<'invalidation'>;

const isApplied =
  (key: string) =>
  (data: Invalidation): boolean =>
    data.key === key && data.state === 'applied';

test('an invalidation is seen live, as the list shows it, and with it the state of the domain', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  await fixture.db.query(`insert into profiles (id, name) values ('before', 'x')`);
  await fixture.untilDrained();
  const listener = await listenToEvents(api.url);
  await listener.until('overview', ({ domains }: EventData<'overview'>) => domains[0]?.state === 'blessed');

  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'x')`);
  const event = await listener.until('invalidation', isApplied('user:profile:ann'));
  expect([event.data]).toEqual((await api.get('/v1/invalidations?limit=1')).body.items);
  await fixture.db.query(`select freshet.invalidate('user', 'profile', array[''])`);
  await listener.until('invalidation', ({ state }: Invalidation) => state === 'dead');
  expect(listener.heard.map(({ data }) => (data as Partial<Invalidation>).key)).not.toContain(
    'user:profile:before',
  );
  expect(
    listener.heard.every(({ id }) => id !== ''),
    'each has an id',
  ).toBe(true);
});

test('a blessing is told when it is recorded or finished', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  const listener = await listenToEvents(api.url);
  await listener.until('overview', () => true);
  await fixture.redis.flushall();
  const { data } = await listener.until(
    'blessing',
    ({ number, finishedAt }: EventData<'blessing'>) => number === 2 && finishedAt !== null,
  );
  expect(data).toMatchObject({ domain: 'user', history: expect.any(String), limits: { leaseMs: 100 } });
});

test('whoever comes back is told what it has missed, or to load everything anew', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  await fixture.untilBlessed();
  const stays = await listenToEvents(api.url);
  const leaves = await listenToEvents(api.url);
  await leaves.until('overview', () => true);
  const lastEventId = leaves.heard.at(-1)?.id ?? '';
  await leaves.leave();
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'x')`);
  await stays.until('invalidation', isApplied('user:profile:ann'));

  const back = await listenToEvents(api.url, { lastEventId });
  await back.until('invalidation', isApplied('user:profile:ann'));
  const again = await listenToEvents(api.url, { lastEventId: stays.heard.at(-1)?.id ?? '' });
  const stranger = await listenToEvents(api.url, { lastEventId: '0123456789ab-3' });
  await stranger.until('reload', () => true);
  await again.until('overview', () => true);
  expect(stranger.heard[0]).toMatchObject({ event: 'reload', data: {} });
  expect(again.heard.map(({ event }) => event)).not.toContain('invalidation');
});

test('listeners are few at most, and end with the relay', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture);
  const listeners = await Promise.all(Array.from({ length: 32 }, () => listenToEvents(api.url)));
  expect(await api.get('/v1/events')).toMatchObject({ status: 503, body: { code: 'TOO_MANY_LISTENERS' } });
  await listeners[0]?.leave();
  expect(await api.stop(), 'everything ended in time').toBe(true);
  await Promise.all(listeners.map((listener) => listener.leave()));
  expect(listeners.map((listener) => listener.ended())).not.toContain(false);
});
