import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type OutboxDatabase, outboxDatabase } from '../../test/outbox-database.ts';
import { installOutbox } from './install.ts';

interface Fixture {
  columns: { name: string; type: string }[];
  rows: Record<string, unknown>[];
}

const fixture = (form: string): Fixture =>
  JSON.parse(readFileSync(new URL(`./fixtures/outbox-row.${form}.json`, import.meta.url), 'utf8')) as Fixture;
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function withItems(): Promise<OutboxDatabase> {
  const db = await outboxDatabase();
  await db.execute('create table items (product text, region int, primary key (product, region))');
  await db.cache('items', 'item', ['product', 'region']);
  return db;
}

/** Fresh rows, as a pg client reads them. */
async function freshRows(): Promise<Fixture> {
  const db = await withItems();
  await db.execute(`alter sequence freshet.version_seq restart with 1; begin; set local freshet.traceparent = '${TRACEPARENT}';
    insert into items values ('p:1', 7); truncate items; commit`);
  await db.execute(`update freshet.invalidation_outbox set created_at = '2026-01-01Z', next_attempt_at = '2026-01-01Z'
    where created_at between clock_timestamp() - interval '1 minute' and clock_timestamp()
      and next_attempt_at between created_at and clock_timestamp()`);
  const columns = await db.query<Fixture['columns'][number]>(
    `select column_name as name, data_type as type from information_schema.columns
     where table_schema = 'freshet' and table_name = 'invalidation_outbox' order by ordinal_position`,
  );
  const rows = await db.query('select * from freshet.invalidation_outbox order by id');
  return JSON.parse(JSON.stringify({ columns, rows })) as Fixture;
}

test('fresh rows have exactly the columns, types and values of the newest fixture', async () => {
  expect(await freshRows()).toEqual(fixture('v2'));
});

test('and all that a relay of an earlier release reads', async () => {
  const { columns, rows } = await freshRows();
  const first = fixture('v1');
  expect(columns).toEqual(expect.arrayContaining(first.columns));
  expect(rows).toMatchObject(first.rows);
});

test('an install over the first form adds what is missing, and loses no row', async () => {
  const db = await outboxDatabase();
  await db.execute(`alter table freshet.invalidation_outbox
    drop column log_id, drop column drained_at, drop column dropped_at, drop column appended_at`);
  await db.query("select freshet.invalidate('shop', 'item')");
  await installOutbox(db.execute, { domain: 'shop' });
  const names = fixture('v2').columns.map(({ name }) => name);
  const [row = {}] = await db.query('select * from freshet.invalidation_outbox');
  expect(Object.keys(row)).toEqual(names);
});

describe('the trace context of the writing transaction', () => {
  test.each([
    ['unset', null, null],
    ['well formed', TRACEPARENT, TRACEPARENT],
    ['empty', '', null],
    ['upper case', TRACEPARENT.toUpperCase(), null],
    ['too long', `${TRACEPARENT}0`, null],
    ['with a line below', `${TRACEPARENT}\nx`, null],
    ['no trace', '00-00000000000000000000000000000000-b7ad6b7169203331-01', null],
    ['no span', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', null],
  ])('%s', async (_, given, written) => {
    const db = await withItems();
    await db.execute('begin');
    if (given !== null) await db.query("select set_config('freshet.traceparent', $1, true)", [given]);
    await db.execute(
      "insert into items values ('p', 1); delete from items; truncate items; select freshet.invalidate('shop', 'item')",
    );
    await db.execute('commit');
    await db.execute("insert into items values ('after', 1)");
    const rows = await db.query<{ traceparent: string | null }>(
      'select traceparent from freshet.invalidation_outbox order by id',
    );
    expect(rows.map(({ traceparent }) => traceparent)).toEqual([written, written, written, written, null]);
  });
});

describe('freshet.invalidate', () => {
  test('writes one key or the whole entity, by hand and for every version', async () => {
    const db = await withItems();
    const [key] = await db.query("select freshet.invalidate('shop', 'item', array['p', '1']) as id");
    const [entity] = await db.query("select freshet.invalidate('shop', 'item') as id");
    expect(await db.query('select id, service from freshet.invalidation_outbox order by id')).toEqual([
      { ...key, service: 'shop' },
      { ...entity, service: 'shop' },
    ]);
    expect(await db.invalidations()).toEqual([
      { entity: 'item', idParts: ['p', '1'], version: '9223372036854775807', cause: 'manual' },
      { entity: 'item', idParts: null, version: '9223372036854775807', cause: 'manual' },
    ]);
  });

  test.each(["'{}'", "array['p', null]"])('refuses %s, which names no key', async (idParts) => {
    const db = await withItems();
    await expect(db.execute(`select freshet.invalidate('shop', 'item', ${idParts})`)).rejects.toMatchObject({
      code: '22023',
    });
  });
});

describe('the indexes carry the relay through a backlog of applied rows', () => {
  const applied = `insert into freshet.invalidation_outbox (service, entity, id_parts, version, cause, applied_at, applied_no)
    select 'shop', 'item', array[i::text], i, 'update', now() - interval '1 hour', i from generate_series(1, 20000) i;
    select freshet.invalidate('shop', 'item') from generate_series(1, 50); analyze freshet.invalidation_outbox`;

  test.each([
    [
      'drain',
      'select * from freshet.invalidation_outbox where applied_at is null and dead_at is null and next_attempt_at <= now() order by id limit 100 for update skip locked',
      'invalidation_outbox_pending',
    ],
    [
      'highest pending',
      'select max(id) from freshet.invalidation_outbox where applied_at is null and dead_at is null',
      'invalidation_outbox_pending',
    ],
    [
      'purge',
      'select id from freshet.invalidation_outbox where applied_no is not null order by applied_no limit 1000',
      'invalidation_outbox_applied',
    ],
    [
      'missed by a Redis',
      'select id from freshet.invalidation_outbox where applied_no > 19990',
      'invalidation_outbox_applied',
    ],
    [
      'dead letters',
      'select id from freshet.invalidation_outbox where dead_at is not null order by id limit 100',
      'invalidation_outbox_dead',
    ],
  ])('%s', async (_, sql, index) => {
    const db = await outboxDatabase();
    await db.execute(applied);
    const plan = JSON.stringify(await db.query(`explain (format json) ${sql}`));
    expect(plan).toContain(`"Index Name":"${index}"`);
    expect(plan).not.toContain('Seq Scan');
  });
});
