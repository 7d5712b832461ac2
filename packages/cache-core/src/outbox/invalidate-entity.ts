import type { QueryClient } from '../origin/query-client.ts';

/** Writes the outbox row that removes every entry of an entity, from every cache: in the transaction of `client`. */
export async function invalidateEntity(client: QueryClient, service: string, entity: string): Promise<void> {
  await client.query('select freshet.invalidate($1, $2)', [service, entity]);
}
