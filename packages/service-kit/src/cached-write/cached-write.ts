import {
  type CacheAside,
  isFreshetError,
  type Origin,
  type QueryClient,
  type Version,
} from '@freshet/cache-core';
import type { Kysely } from 'kysely';
import { kyselyOn } from '../database/kysely.ts';

/** What a write answers with: at least the version that the row has now. */
export interface Written {
  readonly version: Version;
}

type Invalidated = Pick<CacheAside<unknown>, 'invalidate'>;

/**
 * Makes the function that writes a cache-aside entity of the database `Tables`: `work` runs in a transaction, then the
 * caches drop the entry.
 */
export function writerOf<Tables>(origin: Pick<Origin, 'transaction'>, entity: Invalidated) {
  return function write<W extends Written>(
    id: string,
    work: (transaction: Kysely<Tables>, client: QueryClient) => Promise<W>,
  ): Promise<W> {
    return invalidateAfter(
      entity,
      id,
      origin.transaction((client) => work(kyselyOn<Tables>(client), client)),
    );
  };
}

/**
 * Waits for a write to be committed, and has the caches drop what they hold of `id`.
 *
 * @throws FRESHET_COMMIT_UNKNOWN when nobody knows whether it was committed: the caches have dropped the entry even so.
 */
export async function invalidateAfter<W extends Written>(
  entity: Invalidated,
  id: string,
  write: Promise<W>,
): Promise<W> {
  try {
    const written = await write;
    await entity.invalidate(id, written.version);
    return written;
  } catch (error) {
    if (isFreshetError(error, 'FRESHET_COMMIT_UNKNOWN')) await entity.invalidate(id);
    throw error;
  }
}
