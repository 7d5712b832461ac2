import {
  commonVariables,
  type ConfigOf,
  type Environment,
  flag,
  integer,
  postgresUrl,
  readConfig,
} from '@freshet/service-kit';

export const variables = {
  ...commonVariables({ name: 'inventory-service', port: 3002 }),
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

export type Config = ConfigOf<typeof variables>;

export const readEnvironment = (environment: Environment): Config => readConfig(variables, environment);
