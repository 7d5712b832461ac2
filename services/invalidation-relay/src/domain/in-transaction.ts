import type pg from 'pg';

/**
 * Runs `work` between BEGIN and COMMIT on a client of the pool; rolls back when it rejects. A client whose
 * transaction could not be ended is thrown away: its connection closes, and Postgres frees the row locks.
 */
export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
