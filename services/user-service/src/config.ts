import {
  type ConfigOf,
  domainServiceVariables,
  type Environment,
  integer,
  readConfig,
} from '@freshet/service-kit';

export const variables = {
  ...domainServiceVariables({ name: 'user-service', port: 3001 }),
  sessionLifetimeMs: integer('SESSION_LIFETIME_MS', {
    default: 86_400_000,
    min: 1,
    max: 31_536_000_000,
    unit: 'ms',
    description: 'how long a session lives',
  }),
};

export type Config = ConfigOf<typeof variables>;

export const readEnvironment = (environment: Environment): Config => readConfig(variables, environment);
