import type { Version } from '@freshet/cache-core/protocol';
import { DatabaseError, escapeIdentifier } from 'pg';
import type pg from 'pg';

/** What Postgres has of a key's row: its version, null for no row; or why that cannot be told. */
export type RowVersion = { version: Version | null } | { unknown: string };

interface RegisteredTable {
  /** As Postgres quotes it. */
  table: string;
  idColumns: string[];
}

/** Registrations change with migrations only. */
const TABLES_KNOWN_MS = 10_000;

/** The versions of rows, by the ids that caches know them by. */
export class OriginVersions {
  readonly #pool: Pick<pg.Pool, 'query'>;
  readonly #tables = new Map<string, { tables: RegisteredTable[]; until: number }>();

  constructor(pool: Pick<pg.Pool, 'query'>) {
    this.#pool = pool;
  }

  /** In the order of the ids: one statement for all of them, unless one is no id at all. */
  async read(service: string, entity: string, ids: readonly (readonly string[])[]): Promise<RowVersion[]> {
    const tables = await this.#tablesOf(service, entity);
    const [table] = tables;
    if (table === undefined) return ids.map(() => ({ unknown: 'no table is registered for this entity' }));
    if (tables.length > 1)
      return ids.map(() => ({ unknown: 'several tables are registered for this entity' }));
    try {
      return await this.#readFrom(table, ids);
    } catch (error) {
      // An id that its column cannot hold: 'abc' for a uuid, a number that is too large. In halves, until it stands alone.
      if (!isDataException(error)) throw error;
      if (ids.length === 1) return [{ unknown: 'its columns cannot hold this id' }];
      const middle = Math.ceil(ids.length / 2);
      const first = await this.read(service, entity, ids.slice(0, middle));
      return [...first, ...(await this.read(service, entity, ids.slice(middle)))];
    }
  }

  async #readFrom(
    { table, idColumns }: RegisteredTable,
    ids: readonly (readonly string[])[],
  ): Promise<RowVersion[]> {
    const asked = ids.filter((id) => id.length === idColumns.length);
    const columns = idColumns.map((column) => escapeIdentifier(column));
    const texts = columns.map((column) => `${column}::text`).join(', ');
    const { where, values } = selection(columns, asked);
    // `table` is the text of a regclass: Postgres itself has quoted it.
    const { rows } =
      asked.length === 0
        ? { rows: [] }
        : await this.#pool.query<{ id: string[]; version: Version }>(
            `select array[${texts}] as id, version from ${table} where ${where}`,
            values,
          );
    const versions = new Map(rows.map(({ id, version }) => [JSON.stringify(id), version]));
    return ids.map((id) =>
      id.length === idColumns.length
        ? { version: versions.get(JSON.stringify(id)) ?? null }
        : { unknown: `its table has ${idColumns.length} id columns` },
    );
  }

  async #tablesOf(service: string, entity: string): Promise<RegisteredTable[]> {
    const name = `${service}:${entity}`;
    const known = this.#tables.get(name);
    if (known !== undefined && performance.now() < known.until) return known.tables;
    const { rows } = await this.#pool.query<RegisteredTable>(
      `select table_name::text as "table", id_columns as "idColumns" from freshet.cached_table
       where (service, entity) = ($1, $2) and exists (select from pg_class where oid = table_name)`,
      [service, entity],
    );
    this.#tables.set(name, { tables: rows, until: performance.now() + TABLES_KNOWN_MS });
    return rows;
  }
}

/** Columns are not cast, or no index would serve; parameters take the columns' types. */
function selection(columns: readonly string[], ids: readonly (readonly string[])[]) {
  const [only] = columns;
  if (columns.length === 1) return { where: `${only} = any($1)`, values: [ids.map(([part]) => part)] };
  const values: string[] = [];
  const conditions = ids.map((id) => {
    const parts = columns.map((column, index) => `${column} = $${values.push(id[index] ?? '')}`);
    return `(${parts.join(' and ')})`;
  });
  return { where: conditions.join(' or '), values };
}

function isDataException(error: unknown): boolean {
  return error instanceof DatabaseError && error.code?.startsWith('22') === true;
}
