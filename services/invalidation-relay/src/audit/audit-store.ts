import type { Version } from '@freshet/cache-core/protocol';
import type pg from 'pg';
import type { NamedKey } from './copy.ts';

/** A key that was invalidated lately. */
export interface InvalidatedKey {
  /** Decimal string. */
  appliedNo: string;
  service: string;
  entity: string;
  idParts: readonly string[];
  /** Since it was applied. */
  agoMs: number;
}

export interface RegisteredSchema {
  service: string;
  entity: string;
  number: number;
  /** The longest that a value of it is kept, before jitter. */
  ttlMs: number;
}

/** The invalidation that a copy does not have. */
export interface MissedInvalidation {
  id: string;
  /** Since it was written. */
  agoMs: number;
}

/** What the audit asks of the domain's Postgres, besides the rows' versions. */
export class AuditStore {
  readonly #pool: Pick<pg.Pool, 'query'>;

  constructor(pool: Pick<pg.Pool, 'query'>) {
    this.#pool = pool;
  }

  /** Applied after `after`, newest first; of many, the newest. */
  async invalidatedSince(after: string, limit: number): Promise<InvalidatedKey[]> {
    const { rows } = await this.#pool.query<InvalidatedKey>(
      `select applied_no as "appliedNo", service, entity, id_parts as "idParts",
              extract(epoch from clock_timestamp() - applied_at)::float8 * 1000 as "agoMs"
       from freshet.invalidation_outbox
       where applied_no > $1::bigint and id_parts is not null
       order by applied_no desc limit $2`,
      [after, limit],
    );
    return rows;
  }

  async schemas(): Promise<RegisteredSchema[]> {
    const { rows } = await this.#pool.query<Omit<RegisteredSchema, 'ttlMs'> & { ttlMs: string }>(
      'select service, entity, number, ttl_ms as "ttlMs" from freshet.schema_version',
    );
    return rows.map((row) => ({ ...row, ttlMs: Number(row.ttlMs) }));
  }

  /** The bound of the newest blessing; 0 before the first. */
  async maxStalenessMs(): Promise<number> {
    const { rows } = await this.#pool.query<{ ms: number }>(
      'select max_staleness_ms as ms from freshet.blessing order by number desc limit 1',
    );
    return rows[0]?.ms ?? 0;
  }

  /** The first that should have removed a copy of this version; null when it is not in the outbox any more. Reads all of that. */
  async missed({ service, entity, idParts }: NamedKey, version: Version): Promise<MissedInvalidation | null> {
    const { rows } = await this.#pool.query<MissedInvalidation>(
      `select id, extract(epoch from clock_timestamp() - created_at)::float8 * 1000 as "agoMs"
       from freshet.invalidation_outbox
       where (service, entity) = ($1, $2) and (id_parts is null or id_parts = $3)
         and version > $4::bigint and dead_at is null
       order by id limit 1`,
      [service, entity, idParts, version],
    );
    return rows[0] ?? null;
  }
}
