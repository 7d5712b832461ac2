import { eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { createRelayFixture } from '../../test/relay-fixture.ts';

test('a fence that nobody holds any more is removed; one that stands is left as it is', async () => {
  const fixture = await createRelayFixture();
  const { protocol, redis } = fixture;
  const fence = (deadline: number): string => `{"fence":{"writer":${deadline}},"disturbed":0}`;
  const { timeMs } = await protocol.status();
  const live = fence(timeMs + 600_000);
  await redis.mset({
    'user:profile:dead': fence(timeMs - 1),
    'user:v2:profile:dead': fence(timeMs - 1),
    'user:profile:live': live,
    // Of an entity that no replica has registered: not this domain's.
    'user:other:dead': fence(timeMs - 1),
  });
  await fixture.cacheEntry('user:profile:entry', '1');
  const logged: string[] = [];
  fixture.startRelay({
    timing: { upkeepMs: 20, fencesEveryMs: 20 },
    onLog: (message) => logged.push(message),
  });
  await eventually(() => logged.some((message) => message.startsWith('fences of strong writers')), {
    what: 'the sweep has found something',
  });
  expect((await redis.keys('user:*')).toSorted()).toEqual([
    'user:other:dead',
    'user:profile:entry',
    'user:profile:live',
  ]);
  expect(await redis.get('user:profile:live')).toBe(live);
});
