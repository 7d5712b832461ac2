import pg from 'pg';
import type { TestDatabase } from '../database.ts';
import { disposeAtEnd } from '../disposal.ts';
import { eventually } from '../eventually.ts';

/** A transaction that keeps its locks until the test lets go of them. */
export interface HeldTransaction {
  /** How many other connections of this database wait for a lock. */
  awaitedBy(): Promise<number>;
  /** Waits until so many other connections wait for a lock. */
  untilAwaited(count: number): Promise<void>;
  commit(): Promise<void>;
}

/**
 * Runs one statement and leaves its transaction open, so that requests meet in the middle of their own transactions. Let
 * go of it soon: services wait one second for a lock.
 */
export async function holdTransaction(
  database: Pick<TestDatabase, 'url'>,
  text: string,
  values: unknown[] = [],
): Promise<HeldTransaction> {
  const client = new pg.Client({ connectionString: database.url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  disposeAtEnd('held transaction', () => client.end());
  await client.query('begin');
  await client.query(text, values);
  async function awaitedBy(): Promise<number> {
    // In a transaction, the view is otherwise what it was at first sight.
    await client.query('select pg_stat_clear_snapshot()');
    const { rows } = await client.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0]?.waiting ?? 0;
  }
  return {
    awaitedBy,
    async untilAwaited(count) {
      await eventually(async () => (await awaitedBy()) === count, {
        what: `${count} connections wait for a lock`,
      });
    },
    async commit() {
      await client.query('commit');
    },
  };
}
