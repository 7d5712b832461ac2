import { kyselyOnPool, type Logger } from '@freshet/service-kit';
import type { Pool } from 'pg';
import type { Tables } from '../database.ts';
import { deleteExpiredSessions } from './repository.ts';

const everyMs = 60_000;
const atOnce = 1_000;

/**
 * Deletes expired sessions every minute, so that the table holds the living and little else. Every replica does it;
 * they pass each other's rows by. Nothing depends on it: an expired session is not answered anyway.
 *
 * @returns what stops it, once the deletion under way has ended
 */
export function sweepExpiredSessions({ pool, log }: { pool: Pool; log: Logger }): () => Promise<void> {
  const database = kyselyOnPool<Tables>(pool);
  const stopping = new AbortController();
  let sweeping = Promise.resolve();

  async function sweep(): Promise<void> {
    try {
      let deleted: number;
      do deleted = await deleteExpiredSessions(database, atOnce);
      while (deleted === atOnce && !stopping.signal.aborted);
    } catch (error) {
      log.warn({ err: error }, 'expired sessions could not be deleted; the next sweep tries again');
    }
  }

  const timer = setInterval(() => {
    sweeping = sweeping.then(sweep);
  }, everyMs);
  timer.unref();
  return async () => {
    stopping.abort();
    clearInterval(timer);
    await sweeping;
  };
}
