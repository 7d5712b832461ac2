import { Client } from 'pg';
import type { SystemDescription } from '../start/system-file.ts';
import { databaseOf, databaseUrl } from '../start/topology.ts';
import { ms, type Page, shellLines } from './page.ts';
import { type Pair, request, untilAnswer } from './replica.ts';
import { MAX_STALENESS_MS } from './show-update.ts';
import { untilSettled } from './until-settled.ts';

/** Changes a user behind the services' back, while both replicas have it in memory. */
export async function showSqlUpdate(
  page: Page,
  users: Pair,
  userId: string,
  system: SystemDescription,
): Promise<void> {
  page.step('The same in plain SQL: no service knows about it');
  const replicas = [users.first, users.second].map((replica) => `${replica}/users/${userId}`);
  await untilSettled(system.console, 'user', `user:profile:${userId}`);
  page.seen('GET on replica 1, 2', `from ${(await holdInMemory(replicas)).join(', ')}`);

  const database = databaseUrl(system.postgres, databaseOf('user'));
  const name = 'Countess Lovelace';
  page.text('Sent by the tour itself; to repeat it you need psql:');
  page.copy(psqlLine(database, name, userId));
  const visible = replicas.map((url) =>
    untilAnswer(url, ({ body }) => body['name'] === name, 2 * MAX_STALENESS_MS),
  );
  await update(database, name, userId);

  const seen = await Promise.all(visible);
  const times = seen.map((afterMs) =>
    afterMs === undefined ? 'not seen' : `${ms(afterMs)} after the SQL was sent`,
  );
  for (const [index, time] of times.entries()) page.seen(`the new name on replica ${index + 1}`, time);
  page.promise(
    seen.every((afterMs) => afterMs !== undefined && afterMs <= MAX_STALENESS_MS),
    'both replicas let go of what they had in memory',
    times.join(', '),
  );
}

async function holdInMemory(urls: readonly string[]): Promise<string[]> {
  const layers: string[] = [];
  for (const url of urls) {
    await request('GET', url);
    layers.push((await request('GET', url)).layer);
  }
  return layers;
}

async function update(database: string, name: string, userId: string): Promise<void> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    await client.query('update users set name = $1 where id = $2', [name, userId]);
  } finally {
    await client.end();
  }
}

function psqlLine(database: string, name: string, userId: string): string {
  return shellLines([`psql ${database}`, `-c "update users set name = '${name}'\n  where id = '${userId}'"`]);
}
