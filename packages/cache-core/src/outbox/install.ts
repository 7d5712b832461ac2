import { readFileSync } from 'node:fs';

/** Runs one text of SQL, of several statements maybe, and rejects when one of them fails. */
export type ExecuteSql = (sql: string) => Promise<unknown>;

export interface CachedTable {
  /** As in SQL, so a mixed-case name needs its quotes: `users`, `shop.products`, `shop."Mixed"`. */
  readonly table: string;
  readonly service: string;
  readonly entity: string;
  /** Exact names of the columns that make the id, in the order of the cache id's parts. */
  readonly idColumns: readonly string[];
}

/**
 * Installs the schema `freshet`, or brings an older one up to date; harmless when repeated. Call it in a
 * migration, in a transaction.
 *
 * Rejects with the database's own error; among others when the database already belongs to another domain.
 */
export async function installOutbox(execute: ExecuteSql, options: { domain: string }): Promise<void> {
  await execute(readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'));
  await execute(`select freshet.name_domain(${literal(options.domain)})`);
}

/** Removes the schema `freshet` and every trigger; the columns `version` stay. Harmless when repeated. */
export async function uninstallOutbox(execute: ExecuteSql): Promise<void> {
  await execute('drop schema if exists freshet cascade');
}

/**
 * Makes every write to a table reach the caches of an entity. Adds the column `version bigint not null
 * default 0` when it is missing: version 0 means 'every invalidation removes me', right for rows that were
 * there before. Repeat it to repair triggers, after a partition was added, or to change the id columns.
 *
 * Rejects with the database's own error when the table or a column does not exist, or when a column's type
 * has no single text form (dates, numeric, bytea …).
 */
export async function cacheTable(execute: ExecuteSql, table: CachedTable): Promise<void> {
  const idColumns = table.idColumns.map(literal).join(', ');
  await execute(
    `select freshet.cache_table(${literal(table.table)}::regclass, ${literal(table.service)}, ${literal(table.entity)}, array[${idColumns}]::text[])`,
  );
}

/** Takes `cacheTable` back, also for a table that was dropped, and empties the entity's caches. */
export async function uncacheTable(
  execute: ExecuteSql,
  table: Pick<CachedTable, 'table' | 'service' | 'entity'>,
): Promise<void> {
  await execute(
    `select freshet.uncache_table(to_regclass(${literal(table.table)}), ${literal(table.service)}, ${literal(table.entity)})`,
  );
}

/** A string constant that means the same whatever `standard_conforming_strings` says. */
function literal(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}
