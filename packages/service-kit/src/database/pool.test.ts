import { createDatabase, disposeAtEnd, eventually, startFaultProxy } from '@freshet/test-kit';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { problemFor } from '../http/known-errors.ts';
import { connectionParts } from './connection-options.ts';
import { isForeignKeyViolation, isUniqueViolation } from './errors.ts';
import { openPool } from './open-database.ts';
import { connectionsForReads, type PoolOptions } from './pool.ts';

async function testPool(options: Partial<PoolOptions> = {}) {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const url = options.url ?? (await createDatabase()).url;
  const pool = await openPool({ url, applicationName: 'test', log, ...options });
  disposeAtEnd('pool', () => pool.end());
  return { pool, url, lines };
}

test('int8 arrives as text, exactly', async () => {
  const { pool } = await testPool();
  const { rows } = await pool.query('select 9223372036854775807::int8 as version, sum(1::int8) as sum');
  expect(rows).toEqual([{ version: '9223372036854775807', sum: '1' }]);
});

test('every limit is in force on its connections', async () => {
  const { pool } = await testPool({
    statementTimeoutMs: 4001,
    lockTimeoutMs: 1001,
    idleInTransactionTimeoutMs: 3001,
  });
  const { rows } = await pool.query(
    `select name, setting from pg_settings where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'application_name') order by name`,
  );
  expect(rows).toEqual([
    { name: 'application_name', setting: 'test' },
    { name: 'idle_in_transaction_session_timeout', setting: '3001' },
    { name: 'lock_timeout', setting: '1001' },
    { name: 'statement_timeout', setting: '4001' },
  ]);
});

test.each([
  [2, 1],
  [3, 2],
  [10, 7],
])('of %i connections reads take %i: a write finds one', (size, reads) => {
  expect(connectionsForReads(size)).toBe(reads);
});

describe('what keeps a request from hanging is answered with 503', () => {
  const unavailable = { status: 503, code: 'DATABASE_UNAVAILABLE' };
  const failure = (work: Promise<unknown>) => work.then(() => undefined, problemFor);

  test('a lock that somebody else holds', async () => {
    const { pool } = await testPool({ lockTimeoutMs: 50 });
    const holder = await pool.connect();
    disposeAtEnd('holder', async () => holder.release(true));
    await holder.query('select pg_advisory_lock(1)');
    expect(await failure(pool.query('select pg_advisory_lock(1)'))).toMatchObject(unavailable);
  });

  test('a statement that takes too long', async () => {
    const { pool } = await testPool({ statementTimeoutMs: 50 });
    expect(await failure(pool.query('select pg_sleep(600)'))).toMatchObject(unavailable);
  });

  test('a pool that is used up', async () => {
    const { pool } = await testPool({ size: 1, connectionTimeoutMs: 1000 });
    const client = await pool.connect();
    disposeAtEnd('client', async () => client.release());
    expect(await failure(pool.query('select 1'))).toMatchObject(unavailable);
  });

  test('a server that stops answering, and one that cannot be reached', async () => {
    const { url } = await createDatabase();
    const proxy = await startFaultProxy({ url });
    const { pool } = await testPool({ url: proxy.url, statementTimeoutMs: 50 });
    proxy.pause();
    expect(await failure(pool.query('select 1'))).toMatchObject(unavailable);
    expect(await failure(pool.query('select 1'))).toMatchObject(unavailable);
    expect(proxy.stats().heldBytes).toBeGreaterThan(0);
    proxy.resume();
    await proxy.refuse();
    proxy.cut();
    expect(await failure(pool.query('select 1'))).toMatchObject(unavailable);
    await proxy.accept();
    await eventually(() => pool.query('select 1'), { what: 'the pool recovers by itself' });
  });
});

test('a connection that is terminated inside a transaction does not end the process', async () => {
  const { pool, lines } = await testPool({ size: 2 });
  const client = await pool.connect();
  await client.query('begin');
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await eventually(() => lines.some((line) => line.includes('57P01')), { what: 'the loss was logged' });
  client.release(true);
  expect(await pool.query('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] });
});

test('an idle connection that is terminated is replaced', async () => {
  const { pool, url, lines } = await testPool({ size: 1 });
  const other = await testPool({ url });
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  await other.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await eventually(() => lines.length > 0, { what: 'the loss was logged' });
  expect(lines).toHaveLength(1);
  expect(await pool.query('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] });
});

test('violations of constraints are told apart by name', async () => {
  const { pool } = await testPool();
  await pool.query('create table parent (id int constraint parent_pk primary key)');
  await pool.query('create table child (parent_id int constraint child_parent references parent)');
  await pool.query('insert into parent values (1)');
  const duplicate: unknown = await pool
    .query('insert into parent values (1)')
    .catch((error: unknown) => error);
  expect([isUniqueViolation(duplicate), isUniqueViolation(duplicate, 'parent_pk')]).toEqual([true, true]);
  expect([isUniqueViolation(duplicate, 'other'), isForeignKeyViolation(duplicate)]).toEqual([false, false]);
  const orphan: unknown = await pool.query('insert into child values (2)').catch((error: unknown) => error);
  expect([isForeignKeyViolation(orphan, 'child_parent'), isForeignKeyViolation(orphan, 'other')]).toEqual([
    true,
    false,
  ]);
});

describe('URLs', () => {
  test.each([
    ['postgres://u:p@h:5433/d', { host: 'h', port: 5433, database: 'd', user: 'u', password: 'p' }],
    [
      'postgresql://u%40x:p%2F%3A@h/d%20e',
      { host: 'h', port: 5432, database: 'd e', user: 'u@x', password: 'p/:' },
    ],
    ['postgres://u@[::1]/d', { host: '::1', port: 5432, database: 'd', user: 'u' }],
    ['postgres://u@h', { host: 'h', port: 5432, database: 'u', user: 'u' }],
    [
      'postgres://u@x/d?host=/run/postgresql',
      { host: '/run/postgresql', port: 5432, database: 'd', user: 'u' },
    ],
    [
      'postgres://u@h/d?sslmode=require',
      { host: 'h', port: 5432, database: 'd', user: 'u', ssl: { rejectUnauthorized: false } },
    ],
    ['postgres://u@h/d?sslmode=verify-full', { host: 'h', port: 5432, database: 'd', user: 'u', ssl: true }],
  ])('%s', (url, expected) => {
    expect(connectionParts(url)).toEqual(expected);
  });
});
