import { type Cache, ttl, type Version } from '@freshet/cache-core';
import { kyselyOnPool } from '@freshet/service-kit';
import type { Pool } from 'pg';
import type { Tables } from '../database.ts';
import { countInventory } from './repository.ts';
import { Summary } from './schema.ts';

const everything = 'all';

export type SummaryService = ReturnType<typeof summaryService>;

/** Counts over all rows: no trigger can name them, so they are as fresh as their TTL (5 min), and no fresher. */
export function summaryService({ cache, pool }: { cache: Cache; pool: Pool }) {
  const database = kyselyOnPool<Tables>(pool);
  const summary = cache.aside<Summary>({
    entity: 'summary',
    ttl: ttl.aggregation,
    maxStaleness: 'ttl',
    decode: (payload) => Summary.parse(payload),
    // Made from many rows: the highest of their versions would be wrong.
    load: async () => ({ value: await countInventory(database), version: '0' }),
  });

  return {
    read(minVersion: Version | undefined) {
      return summary.read(everything, minVersion === undefined ? {} : { minVersion });
    },
  };
}
