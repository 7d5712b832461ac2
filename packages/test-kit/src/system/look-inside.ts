import pg from 'pg';
import type { TestDatabase } from '../database.ts';
import { eventually } from '../eventually.ts';
import type { FreshetProcess } from './freshet-process.ts';

/** Runs one statement past the services, as somebody with `psql` would. */
export async function runSql<Row extends pg.QueryResultRow>(
  database: Pick<TestDatabase, 'url'>,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: database.url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Waits until the relays have dealt with every change that was committed so far. */
export async function untilRelayed(database: Pick<TestDatabase, 'url'>): Promise<void> {
  await eventually(
    async () => {
      const pending = await runSql(
        database,
        'select id from freshet.invalidation_outbox where applied_at is null and dead_at is null',
      );
      return pending.length === 0;
    },
    { what: 'no row of the outbox is pending' },
  );
}

/** The value of one counter or gauge in `/metrics`; 0 when it is not there yet. */
export async function metricOf(
  process: FreshetProcess,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<number> {
  const { text } = await process.send('GET', '/metrics');
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = text
    .split('\n')
    .find(
      (candidate) => candidate.startsWith(`${name}{`) && wanted.every((label) => candidate.includes(label)),
    );
  return line === undefined
    ? 0
    : Number(
        line
          .slice(line.lastIndexOf('}') + 1)
          .trim()
          .split(' ')[0],
      );
}
