import { Queue } from 'bullmq';
import { disposeAtEnd, eventually, startRedis, type TestRedis } from '@freshet/test-kit';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { createRelayFixture } from '../../test/relay-fixture.ts';
import { openRetryQueue, RetryLater, type RetryRows } from './retry-queue.ts';

function open(redis: TestRedis, retry: RetryRows) {
  const queue = openRetryQueue({
    url: redis.url,
    domain: 'user',
    retry,
    random: Math.random,
    onTrouble: () => {},
  });
  disposeAtEnd('retry queue', () => queue.close());
  return queue;
}

async function jobsOf(redis: TestRedis) {
  const connection = new Redis(redis.url);
  const queue = new Queue('freshet-retry-user', { connection });
  disposeAtEnd('queue of the test', async () => {
    await queue.close();
    connection.disconnect();
  });
  await queue.waitUntilReady();
  return queue;
}

test('a chunk that failed is retried through the queue, as one job, whatever the poll does', async () => {
  const fixture = await createRelayFixture();
  const { db } = fixture;
  let failures = 2;
  const relay = fixture.startRelay({
    // After the first failure nothing but the queue comes back to the rows.
    timing: { pollMs: 3_600_000 },
    faults: {
      async at(point) {
        if (point === 'before-drop' && failures-- > 0) throw new Error('no luck');
      },
    },
  });
  await fixture.untilBlessed();
  await db.query(`insert into profiles (id, name) select n::text, 'x' from generate_series(1, 50) n`);
  relay.relay.poke();
  await fixture.untilDrained();
  const { rows } = await db.query(
    'select attempts, count(*)::int from freshet.invalidation_outbox group by attempts',
  );
  expect(rows).toEqual([{ attempts: 2, count: 50 }]);
  const queue = await jobsOf(fixture.queue);
  await eventually(async () => Object.values(await queue.getJobCounts()).every((count) => count === 0), {
    what: 'the queue is empty again',
  });
});

test('with the queue down, rows flow, and the poll retries those that failed', async () => {
  const fixture = await createRelayFixture();
  await fixture.queue.kill();
  let failures = 1;
  fixture.startRelay({
    faults: {
      async at(point) {
        if (point === 'before-drop' && failures-- > 0) throw new Error('no luck');
      },
    },
  });
  await fixture.untilBlessed();
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await fixture.untilDrained();
  const { rows } = await fixture.db.query('select attempts from freshet.invalidation_outbox');
  expect(rows).toEqual([{ attempts: 1 }]);
});

test('a queue that hangs does not hold the drain up', async () => {
  const fixture = await createRelayFixture();
  const failing = new Set(['bad']);
  fixture.startRelay({
    faults: {
      async at(point) {
        if (point === 'before-drop' && failing.has('bad')) throw new Error('no luck');
      },
    },
  });
  await fixture.untilBlessed();
  await fixture.queue.kill('SIGSTOP');
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await eventually(
    async () =>
      (await fixture.db.query('select from freshet.invalidation_outbox where attempts > 0')).rowCount,
    { what: 'the row failed' },
  );
  failing.clear();
  // Well inside the deadline that the hanging queue is given.
  await fixture.db.query(`insert into profiles (id, name) values ('bob', 'Bob')`);
  await eventually(
    async () =>
      (
        await fixture.db.query(
          `select from freshet.invalidation_outbox where id_parts = '{bob}' and applied_no is not null`,
        )
      ).rowCount,
    { what: 'the other row is applied' },
  );
  await fixture.untilDrained();
  expect(await fixture.logEntries()).toHaveLength(2);
});

test('the same chunk is queued once', async () => {
  const redis = await startRedis({ flavour: 'queue' });
  const queue = open(redis, () => Promise.resolve());
  const chunk = { ids: ['1', '2'], delayMs: 3_600_000 };
  await eventually(() => queue.schedule(chunk), { what: 'the queue takes the chunk' });
  expect(await queue.schedule(chunk)).toBe(true);
  expect(await queue.schedule({ ids: ['3'], delayMs: 3_600_000 })).toBe(true);
  expect(await (await jobsOf(redis)).getDelayedCount()).toBe(2);
});

test('scheduling ends, with a no, when the queue hangs', async () => {
  const redis = await startRedis({ flavour: 'queue' });
  const queue = open(redis, () => Promise.resolve());
  await eventually(() => queue.schedule({ ids: ['1'], delayMs: 3_600_000 }), { what: 'the queue is there' });
  await redis.kill('SIGSTOP');
  expect(await queue.schedule({ ids: ['2'], delayMs: 3_600_000 })).toBe(false);
});

test('a failed attempt comes back when its rows are due, and is gone once it succeeds', async () => {
  const redis = await startRedis({ flavour: 'queue' });
  const calls: (readonly string[])[] = [];
  const queue = open(redis, async (ids) => {
    calls.push(ids);
    if (calls.length < 3) throw new RetryLater('not yet', 10);
  });
  await eventually(() => queue.schedule({ ids: ['1', '2'], delayMs: 0 }), {
    what: 'the queue takes the chunk',
  });
  await eventually(() => calls.length === 3, { what: 'the third attempt' });
  expect(calls).toEqual([
    ['1', '2'],
    ['1', '2'],
    ['1', '2'],
  ]);
  const jobs = await jobsOf(redis);
  await eventually(async () => Object.values(await jobs.getJobCounts()).every((count) => count === 0), {
    what: 'no job is left',
  });
});

test('a queue that was down takes retries again when it is back', async () => {
  const redis = await startRedis({ flavour: 'queue' });
  const done: (readonly string[])[] = [];
  const queue = open(redis, async (ids) => {
    done.push(ids);
  });
  await eventually(() => queue.schedule({ ids: ['1'], delayMs: 0 }), { what: 'the queue takes the chunk' });
  await eventually(() => done.length === 1, { what: 'the first retry' });
  await redis.restart();
  await eventually(() => queue.schedule({ ids: ['2'], delayMs: 0 }), {
    what: 'the queue takes another chunk',
  });
  await eventually(() => done.length === 2, { what: 'the second retry' });
  expect(done[1]).toEqual(['2']);
});

test.each(['SIGKILL', 'SIGSTOP'] as const)('closing ends when the queue got %s', async (signal) => {
  const redis = await startRedis({ flavour: 'queue' });
  const queue = open(redis, () => Promise.resolve());
  await eventually(() => queue.schedule({ ids: ['1'], delayMs: 3_600_000 }), { what: 'the queue is there' });
  await redis.kill(signal);
  await expect(queue.close()).resolves.toBeUndefined();
});
