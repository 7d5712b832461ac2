import { installOutbox } from '@freshet/cache-core';
import { type Kysely, sql } from 'kysely';

/** A blessing notes when a relay last saw it in force. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await installOutbox((text) => sql.raw(text).execute(db), { domain: 'user' });
}
