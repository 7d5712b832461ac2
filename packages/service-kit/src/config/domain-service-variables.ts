import { commonVariables } from './common-variables.ts';
import { flag, integer, postgresUrl } from './variable.ts';

/** The variables of a service that owns a domain: a database of its own, and a cache of its rows. */
export function domainServiceVariables(service: { name: string; port: number }) {
  return {
    ...commonVariables(service),
    databaseUrl: postgresUrl('DATABASE_URL', 'the database of this service alone'),
    databasePoolSize: integer('DATABASE_POOL_SIZE', {
      default: 10,
      min: 2,
      max: 200,
      unit: 'connections',
      description: 'most connections to the database',
    }),
    migrateOnStart: flag('MIGRATE_ON_START', {
      default: true,
      description: 'whether to bring the database to the newest migration first',
    }),
    readyWithoutLeaseAfterMs: integer('READY_WITHOUT_LEASE_AFTER_MS', {
      default: 5_000,
      min: 0,
      max: 600_000,
      unit: 'ms',
      description: 'how long a replica waits for its first freshness lease before it serves without',
    }),
  };
}
