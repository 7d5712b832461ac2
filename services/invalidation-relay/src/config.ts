import { limits as defaults, withDrift } from '@freshet/cache-core/protocol';
import {
  choice,
  commonVariables,
  type ConfigOf,
  type Environment,
  integer,
  list,
  optionalText,
  postgresUrl,
  readConfig,
  redisUrl,
  StartupError,
} from '@freshet/service-kit';
import { CRASH_POINTS } from './faults/faults.ts';

const limit = (env: string, value: number, description: string) =>
  integer(env, { default: value, min: 50, max: 600_000, unit: 'ms', description });

/** All but the databases of the domains. */
export const variables = {
  ...commonVariables({ name: 'invalidation-relay', port: 3003 }),
  redisQueueUrl: redisUrl('REDIS_QUEUE_URL', 'the Redis that schedules retries'),
  domains: list('FRESHET_DOMAINS', {
    default: 'user,inventory',
    description: 'the domains to relay, each with a <DOMAIN>_DATABASE_URL',
  }),
  leaseMs: limit('FRESHET_LEASE_MS', defaults.leaseMs, 'longest freshness lease, from the next blessing on'),
  maxStalenessMs: limit(
    'FRESHET_MAX_STALENESS_MS',
    defaults.maxStalenessMs,
    'highest maxStaleness of a policy, from the next blessing on',
  ),
  strongTransactionMs: limit(
    'FRESHET_STRONG_TRANSACTION_MS',
    defaults.strongTransactionMs,
    'longest strong write, from the next blessing on',
  ),
  auditKeysPerSecond: integer('FRESHET_AUDIT_KEYS_PER_SECOND', {
    default: 100,
    min: 0,
    max: 10_000,
    unit: 'keys',
    description: 'how many keys of each domain the audit compares with Postgres; 0 turns it off',
  }),
  operatorToken: optionalText('FRESHET_OPERATOR_TOKEN', {
    description: 'what operators have to send to act; without it, only callers on this machine may',
    min: 16,
    secret: true,
  }),
  crashAt: choice('FRESHET_CRASH_AT', ['never', ...CRASH_POINTS], {
    default: 'never',
    description: 'for tests only: the process kills itself at this step',
  }),
};

const databaseVariables = (domain: string) => ({
  databaseUrl: postgresUrl(databaseVariable(domain), `the database of the domain ${domain}`),
});

export type RelayConfig = ConfigOf<typeof variables> & {
  /** By domain. */
  readonly databaseUrls: ReadonlyMap<string, string>;
};

/** @throws StartupError FRESHET_CONFIG */
export function readRelayConfig(environment: Environment): RelayConfig {
  const config = readConfig(variables, environment);
  if (config.leaseMs > config.maxStalenessMs) {
    throw new StartupError(
      'FRESHET_CONFIG',
      'FRESHET_LEASE_MS must not be more than FRESHET_MAX_STALENESS_MS: lower it and start again.',
    );
  }
  if (withDrift(config.leaseMs + config.strongTransactionMs) > defaults.fenceMs) {
    throw new StartupError(
      'FRESHET_CONFIG',
      `FRESHET_LEASE_MS and FRESHET_STRONG_TRANSACTION_MS together must leave 1 % + 50 ms of the ${defaults.fenceMs} ms that a strong write's fence stands: lower one of them and start again.`,
    );
  }
  const databaseUrls = new Map(
    config.domains.map((domain) => [domain, readConfig(databaseVariables(domain), environment).databaseUrl]),
  );
  return { ...config, databaseUrls };
}

/** `stock-eu` → `STOCK_EU_DATABASE_URL`. */
function databaseVariable(domain: string): string {
  return `${domain.toUpperCase().replaceAll('-', '_')}_DATABASE_URL`;
}
