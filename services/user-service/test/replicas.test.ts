import type { TestDatabase } from '@freshet/test-kit';
import { type FreshetProcess, runSql, startSystem, type System, untilHit } from '@freshet/test-kit/system';
import { beforeAll, describe, expect, it } from 'vitest';

let system: System;
let database: TestDatabase;
let first: FreshetProcess;
let second: FreshetProcess;
beforeAll(async () => {
  system = await startSystem({ domains: ['user'] });
  database = system.databases.user as TestDatabase;
  [first, second] = system.replicas.user as [FreshetProcess, FreshetProcess];
});

let addresses = 0;

/** A user whom both replicas hold in memory. */
async function rememberedUser(): Promise<{ id: string; path: string }> {
  const body = { name: 'Ada', email: `ada-${++addresses}@example.com` };
  const { json, headers } = await first.send('POST', '/users', { body });
  const path = String(headers.location);
  for (const replica of [first, second]) await untilHit(replica, path);
  return { id: String(json?.['id']), path };
}

/** The name that each replica answers, or the status when it answers none. */
const namesAt = (path: string) =>
  Promise.all(
    [first, second].map(async (replica) => {
      const { status, json } = await replica.send('GET', path);
      return json?.['name'] ?? status;
    }),
  );

const patiently = { timeout: 10_000 };

describe('two replicas', () => {
  it('an update through one is taken out of the memory of the other', async () => {
    const { path } = await rememberedUser();
    await first.send('PATCH', path, { body: { name: 'Augusta' } });
    await expect.poll(() => namesAt(path), patiently).toEqual(['Augusta', 'Augusta']);
    for (const replica of [first, second]) {
      expect((await untilHit(replica, path)).json?.['name']).toBe('Augusta');
    }
  });

  it('a writer who passes the version on reads it from the other replica at once', async () => {
    const { path } = await rememberedUser();
    for (let round = 0; round < 20; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [first, second] : [second, first];
      const written = await writer.send('PATCH', path, { body: { name: `Ada ${round}` } });
      const headers = { 'freshet-min-version': String(written.json?.['version']) };
      expect((await reader.send('GET', path, { headers })).json).toEqual(written.json);
    }
  });

  it('pick up what SQL updates, deletes and inserts again', async () => {
    const { id, path } = await rememberedUser();
    await runSql(database, `update users set name = 'by hand' where id = $1`, [id]);
    await expect.poll(() => namesAt(path), patiently).toEqual(['by hand', 'by hand']);
    for (const replica of [first, second]) await untilHit(replica, path);

    await runSql(database, 'delete from users where id = $1', [id]);
    await expect.poll(() => namesAt(path), patiently).toEqual([404, 404]);
    for (const replica of [first, second]) await untilHit(replica, path);

    await runSql(database, `insert into users (id, name, email) values ($1, 'again', 'again@example.com')`, [
      id,
    ]);
    await expect.poll(() => namesAt(path), patiently).toEqual(['again', 'again']);
  });

  it('pick up what one SQL statement does to many rows', async () => {
    const users = await Promise.all([1, 2, 3, 4, 5].map(() => rememberedUser()));
    await runSql(database, `update users set name = 'all of you'`);
    for (const { path } of users)
      await expect.poll(() => namesAt(path), patiently).toEqual(['all of you', 'all of you']);
    await runSql(database, 'truncate users cascade');
    for (const { path } of users) await expect.poll(() => namesAt(path), patiently).toEqual([404, 404]);
  });

  it('forget the sessions of a user whom one of them deleted', async () => {
    const { id, path } = await rememberedUser();
    const session = await second.send('POST', '/sessions', { body: { userId: id } });
    const sessionPath = String(session.headers.location);
    for (const replica of [first, second]) await untilHit(replica, sessionPath);
    await first.send('DELETE', path);
    await expect.poll(() => namesAt(path), patiently).toEqual([404, 404]);
    await expect.poll(() => namesAt(sessionPath), patiently).toEqual([404, 404]);
  });
});
