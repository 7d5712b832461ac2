import { cacheTable, installOutbox } from '@freshet/cache-core';
import { Client } from 'pg';
import type { Ground } from '../ground/ground.ts';
import { sideBySide } from '../measure/side-by-side.ts';
import type { Result } from '../result.ts';

const rows = 1_000;

/** What the triggers of a cached table add to an UPDATE by primary key: a version, and a row in the outbox. */
export async function outboxCost(ground: Ground): Promise<Result[]> {
  const client = new Client({ connectionString: await ground.createDatabase('outbox') });
  await client.connect();
  try {
    const execute = (sql: string) => client.query(sql);
    await installOutbox(execute, { domain: 'outbox' });
    for (const table of ['plain', 'cached']) {
      await client.query(
        `create table ${table} (id int primary key, quantity int not null, version bigint not null default 0)`,
      );
      await client.query(`insert into ${table} select n, 0 from generate_series(1, ${rows}) n`);
    }
    await cacheTable(execute, { table: 'cached', service: 'outbox', entity: 'row', idColumns: ['id'] });
    return [
      ...(await compare('UPDATE of a row, a transaction each', (table) => oneByOne(client, table), 500)),
      ...(await compare(
        `UPDATE of a row, ${rows} in a transaction`,
        (table) => allAtOnce(client, table),
        rows,
      )),
    ];
  } finally {
    await client.end();
  }
}

type Run = (operations: number) => Promise<boolean>;

async function compare(what: string, update: (table: string) => Run, operations: number): Promise<Result[]> {
  const measured = await sideBySide({
    baseline: { name: 'plain', run: update('plain') },
    others: [{ name: 'cached', run: update('cached') }],
    operations,
    rounds: 15,
    warmUpRounds: 3,
  });
  return measured.map(({ elapsed: { us, baselineUs, ratio }, discarded }) => ({
    kind: 'comparison',
    what,
    against: 'without triggers',
    unit: 'µs',
    measured: us,
    baseline: baselineUs,
    ratio,
    discarded,
  }));
}

function oneByOne(client: Client, table: string): Run {
  const text = `update ${table} set quantity = quantity + 1 where id = $1`;
  return async (operations) => {
    let updated = 0;
    for (let index = 0; index < operations; index++) {
      const { rowCount } = await client.query({ name: table, text, values: [1 + (index % rows)] });
      updated += rowCount ?? 0;
    }
    return updated === operations;
  };
}

function allAtOnce(client: Client, table: string): Run {
  return async (operations) => {
    const { rowCount } = await client.query(`update ${table} set quantity = quantity + 1`);
    return rowCount === operations;
  };
}
