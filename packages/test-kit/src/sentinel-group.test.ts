import { expect, test } from 'vitest';
import { startSentinelGroup } from './sentinel-group.ts';

test('when the primary is killed, a replica takes over, without what was held back', async () => {
  const group = await startSentinelGroup();
  const [first] = group.servers;
  if (first === undefined) throw new Error('There is no server.');
  expect(await group.primary()).toBe(first);
  await group.direct(first).set('replicated', 'yes');
  expect(await group.direct(first).wait(2, 5_000)).toBe(2);
  await group.holdReplication(first);
  await group.direct(first).set('held back', 'yes');
  await first.kill();
  const successor = await group.successorOf(first);
  expect(await group.direct(successor).mget('replicated', 'held back')).toEqual(['yes', null]);
});

test('a primary that hangs is replaced, and follows its successor when it wakes', async () => {
  const group = await startSentinelGroup();
  const first = await group.primary();
  await first.kill('SIGSTOP');
  const successor = await group.successorOf(first);
  await group.direct(successor).set('key', 'value');
  await first.kill('SIGCONT');
  await group.untilWell();
  expect(await group.primary()).toBe(successor);
  expect(await group.direct(first).get('key')).toBe('value');
});
