import type { TestDatabase } from '@freshet/test-kit';
import {
  holdTransaction,
  metricOf,
  problemIn,
  runSql,
  startSystem,
  untilRelayed,
} from '@freshet/test-kit/system';
import { expect, it } from 'vitest';
import { startReplica } from './replica.ts';

const loads = 'freshet_origin_loads_total';
const labels = { service: 'user', entity: 'profile' };

it('8 processes with 125 reads each of a cold key ask Postgres once', async () => {
  const system = await startSystem({ domains: ['user'], replicas: 8 });
  const database = system.databases.user as TestDatabase;
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  await runSql(database, `insert into users (id, name, email) values ($1, 'Ada', 'ada@example.com')`, [id]);
  // Its own invalidation must not end the fill that is to be counted.
  await untilRelayed(database);

  const replicas = system.replicas.user;
  const reads = replicas.flatMap((replica) =>
    Array.from({ length: 125 }, () => replica.send('GET', `/users/${id}`)),
  );
  const answers = await Promise.all(reads);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));

  const counts = await Promise.all(replicas.map((replica) => metricOf(replica, loads, labels)));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
});

it('however many reads miss at once, connections are left for writes', async () => {
  const replica = await startReplica({ DATABASE_POOL_SIZE: '4' });
  const held = await holdTransaction(replica.database, 'lock table users in access exclusive mode');
  const ids = Array.from({ length: 20 }, (_, n) => `01890a5d-ac96-774b-bcce-b302099a80${10 + n}`);
  const reads = ids.map((id) => replica.send('GET', `/users/${id}`));
  await held.untilAwaited(3);
  const write = await replica.send('DELETE', `/sessions/${ids[0]}`);
  expect(problemIn(write)).toBe('404 NOT_FOUND');
  expect(await held.awaitedBy()).toBe(3);
  await held.commit();
  for (const answer of await Promise.all(reads)) expect(problemIn(answer)).toBe('404 NOT_FOUND');
});
