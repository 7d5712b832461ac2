import type { Version } from '../keys/version.ts';
import type { QueryClient } from '../origin/query-client.ts';

/**
 * The version that a deletion answers with. Call it after the DELETE and in its transaction: it is drawn
 * later than the outbox row's, so never lower, and a reader that asks for at least this version is not given
 * the deleted row from any cache.
 */
export async function deletionVersion(client: QueryClient): Promise<Version> {
  const { rows } = await client.query<{ version: Version }>(
    "select nextval('freshet.version_seq')::text as version",
  );
  const [row] = rows;
  if (row === undefined) throw new Error('nextval returned no row');
  return row.version;
}
