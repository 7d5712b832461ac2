import { readFileSync } from 'node:fs';
import { assertName } from '../keys/key.ts';

/** Runs one text of SQL, of several statements maybe, and rejects when one of them fails. */
export type ExecuteSql = (sql: string) => Promise<unknown>;

/** Which rows of a domain's database an entity is cached from. */
export interface CachedTable {
  /** As in SQL, so a mixed-case name needs its quotes: `users`, `shop.products`, `shop."Mixed"`. */
  readonly table: string;
  readonly service: string;
  readonly entity: string;
  /** Exact names of the columns that make the id, in the order of the cache id's parts. */
  readonly idColumns: readonly string[];
}

/** In the order in which they need one another. */
const FILES = ['schema.sql', 'triggers.sql', 'cached-tables.sql'];

/**
 * Installs the schema `freshet`, or brings an older one up to date; harmless when repeated. Call it in a
 * migration, in a transaction.
 *
 * @throws FRESHET_INVALID_OPTIONS for a name that cannot be in a key. Otherwise it rejects with the database's
 * own error; 55000 says that the database belongs to another domain already.
 */
export async function installOutbox(execute: ExecuteSql, options: { domain: string }): Promise<void> {
  assertName('domain', options.domain);
  for (const file of FILES) await execute(readFileSync(new URL(file, import.meta.url), 'utf8'));
  await execute(`select freshet.name_domain(${literal(options.domain)})`);
}

/**
 * Removes the schema `freshet` with everything in it, and every trigger; the columns `version` stay. Harmless
 * when repeated. Whatever was not yet drained is lost: stop the domain's services first.
 */
export async function uninstallOutbox(execute: ExecuteSql): Promise<void> {
  await execute('drop schema if exists freshet cascade');
}

/**
 * Makes every write to a table reach the caches of an entity. Adds the column `version bigint not null
 * default 0` when it is missing: version 0 means 'every invalidation removes me', right for rows that were
 * there before. Repeat it to repair triggers, after a partition was added, or with other id columns.
 *
 * @throws FRESHET_INVALID_OPTIONS for a name that cannot be in a key. Otherwise it rejects with the database's
 * own error, for one when the table or a column does not exist, or a column's type has no single text form.
 */
export async function cacheTable(execute: ExecuteSql, cached: CachedTable): Promise<void> {
  assertName('service', cached.service);
  assertName('entity', cached.entity);
  const idColumns = cached.idColumns.map(literal).join(', ');
  await execute(
    `select freshet.cache_table(${literal(cached.table)}::regclass, ${literal(cached.service)}, ${literal(cached.entity)}, array[${idColumns}]::text[])`,
  );
}

/** Takes `cacheTable` back, also for a table that was dropped, and empties the entity's caches. Harmless when repeated. */
export async function uncacheTable(
  execute: ExecuteSql,
  cached: Pick<CachedTable, 'table' | 'service' | 'entity'>,
): Promise<void> {
  await execute(
    `select freshet.uncache_table(to_regclass(${literal(cached.table)}), ${literal(cached.service)}, ${literal(cached.entity)})`,
  );
}

/** A string constant that means the same whatever `standard_conforming_strings` says. */
function literal(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}
