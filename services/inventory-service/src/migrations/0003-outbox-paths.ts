import { installOutbox } from '@freshet/cache-core';
import { type Kysely, sql } from 'kysely';

/** The outbox notes when each invalidation was where. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await installOutbox((text) => sql.raw(text).execute(db), { domain: 'inventory' });
}
