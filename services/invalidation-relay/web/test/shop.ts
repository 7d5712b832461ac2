import { runSql, type System, untilHit, untilRelayed } from '@freshet/test-kit/system';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

export interface User {
  readonly id: string;
  readonly path: string;
  readonly key: string;
}

/** A user that both replicas hold in memory. */
export async function cachedUser({ replicas: { user: replicas } }: System, name: string): Promise<User> {
  const [first] = replicas;
  const created = await first?.send('POST', '/users', {
    body: { name, email: `${name.toLowerCase()}@example.org` },
  });
  expect(created?.status).toBe(201);
  const id = String(created?.json?.['id']);
  const user = { id, path: `/users/${id}`, key: `user:profile:${id}` };
  for (const replica of replicas) await untilHit(replica, user.path);
  return user;
}

export async function rename(
  {
    replicas: {
      user: [replica],
    },
  }: System,
  user: User,
  name: string,
) {
  const answer = await replica?.send('PATCH', user.path, { body: { name } });
  expect(answer?.status).toBe(200);
}

/** What somebody would do who restores a key of Redis from a copy. Its version is older than the row's from then on. */
export async function plantOldValue(system: System, user: User): Promise<void> {
  const redis = new Redis(system.redisCache.url);
  try {
    const old = await redis.get(user.key);
    expect(old).toContain('"v"');
    await rename(system, user, 'Newer');
    const [database] = Object.values(system.databases);
    if (database !== undefined) await untilRelayed(database);
    await redis.set(user.key, String(old), 'PX', 600_000);
  } finally {
    redis.disconnect();
  }
}

/** An outbox row whose id can be no key. Its id in the API. */
export async function writeDeadLetter({ databases: { user: database } }: System): Promise<string> {
  if (database === undefined) throw new Error('there is no domain user');
  const [row] = await runSql<{ id: string }>(
    database,
    `select freshet.invalidate('user', 'profile', array['']) as id`,
  );
  return `user-${row?.id}`;
}

/** What a person would do who found out what wrote it. */
export async function repairDeadLetter({ databases: { user: database } }: System, id: string): Promise<void> {
  if (database === undefined) throw new Error('there is no domain user');
  await runSql(database, `update freshet.invalidation_outbox set id_parts = '{ann}' where id = $1`, [
    id.replace('user-', ''),
  ]);
}
