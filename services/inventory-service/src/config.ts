import { type ConfigOf, domainServiceVariables, type Environment, readConfig } from '@freshet/service-kit';

export const variables = domainServiceVariables({ name: 'inventory-service', port: 3002 });

export type Config = ConfigOf<typeof variables>;

export const readEnvironment = (environment: Environment): Config => readConfig(variables, environment);
