import { fileURLToPath } from 'node:url';
import { startProcess, type TestProcess } from '@freshet/test-kit';
import { DOMAIN, LIMITS, type RelayFixture } from './relay-fixture.ts';

/** The environment of a relay of the fixture's domain. */
export function relayEnvironment({ databaseUrl, cache, queue }: RelayFixture): Record<string, string> {
  return {
    PORT: '0',
    FRESHET_DOMAINS: DOMAIN,
    USER_DATABASE_URL: databaseUrl,
    REDIS_CACHE_URL: cache.url,
    REDIS_QUEUE_URL: queue.url,
    FRESHET_LEASE_MS: String(LIMITS.leaseMs),
    FRESHET_MAX_STALENESS_MS: String(LIMITS.maxStalenessMs),
    FRESHET_STRONG_TRANSACTION_MS: String(LIMITS.strongTransactionMs),
  };
}

/** A relay as a process, started as in development. */
export function startRelayProcess(
  fixture: RelayFixture,
  environment: Record<string, string>,
  ready?: (line: string) => boolean,
): Promise<TestProcess> {
  return startProcess({
    name: 'relay',
    command: process.execPath,
    args: ['--conditions=@freshet/source', '--import', '@freshet/service-kit/register', 'src/main.ts'],
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...relayEnvironment(fixture), ...environment },
    ...(ready && { ready }),
  });
}
