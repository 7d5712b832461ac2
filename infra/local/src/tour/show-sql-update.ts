import { Client } from 'pg';
import { databaseOf, databaseUrl } from '../start/topology.ts';
import { ms, type Page, shellLines } from './page.ts';
import { untilAnswer, type Pair } from './replica.ts';
import { MAX_STALENESS_MS } from './show-update.ts';

/** The same change behind the services' back. */
export async function showSqlUpdate(
  page: Page,
  { first, second }: Pair,
  userId: string,
  postgres: string,
): Promise<void> {
  page.step('The same in plain SQL: no service knows about it');
  const url = databaseUrl(postgres, databaseOf('user'));
  const name = 'Countess Lovelace';
  page.copy(psqlLine(url, name, userId));

  const within = 2 * MAX_STALENESS_MS;
  const isNew = ({ body }: { body: Readonly<Record<string, unknown>> }) => body['name'] === name;
  const client = new Client({ connectionString: url });
  await client.connect();
  let visible: Promise<readonly (number | undefined)[]>;
  try {
    visible = Promise.all(
      [first, second].map((replica) => untilAnswer(`${replica}/users/${userId}`, isNew, within)),
    );
    await client.query('update users set name = $1 where id = $2', [name, userId]);
  } finally {
    await client.end();
  }
  const seen = await visible;
  for (const [index, seenAfterMs] of seen.entries()) {
    page.seen(
      `the new name on replica ${index + 1}`,
      seenAfterMs === undefined ? 'not seen' : `${ms(seenAfterMs)} after the SQL was sent`,
    );
  }
  page.promise(
    seen.every((seenAfterMs) => seenAfterMs !== undefined && seenAfterMs <= MAX_STALENESS_MS),
    'both replicas let go of what they had in memory',
    seen.map((seenAfterMs) => (seenAfterMs === undefined ? 'not seen' : ms(seenAfterMs))).join(', '),
  );
}

function psqlLine(url: string, name: string, userId: string): string {
  return shellLines([`psql ${url}`, `-c "update users set name = '${name}'\n  where id = '${userId}'"`]);
}
