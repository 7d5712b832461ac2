import { createDatabase, type TestDatabase } from '../database.ts';
import { startRedis, type TestRedis } from '../redis.ts';
import { type FreshetProcess, startFreshetProcess, untilReady } from './freshet-process.ts';

export type Domain = 'user' | 'inventory';

export interface SystemOptions {
  /** Of each service; default 2. */
  readonly replicas?: number;
  /** Default 1. */
  readonly relays?: number;
  /** Whose services run; default both. A domain that is left out costs nothing. */
  readonly domains?: readonly Domain[];
  /** For every process, stronger than what this function sets. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface System {
  readonly redisCache: TestRedis;
  readonly redisQueue: TestRedis;
  /** Where each domain keeps its rows. */
  readonly databases: Readonly<Partial<Record<Domain, TestDatabase>>>;
  /** The replicas of each service; empty for a domain that was left out. */
  readonly replicas: Readonly<Record<Domain, readonly FreshetProcess[]>>;
  readonly relays: readonly FreshetProcess[];
  /** One more replica: of a cold process, or with other settings. */
  startReplica(domain: Domain, env?: Readonly<Record<string, string>>): Promise<FreshetProcess>;
  startRelay(env?: Readonly<Record<string, string>>): Promise<FreshetProcess>;
}

/**
 * The whole system on real Postgres and real Redis: replicas of the services and relays, each a process of
 * its own, all ready. It ends with the test or the test file that started it.
 */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { replicas = 2, relays = 1, domains = ['user', 'inventory'] } = options;
  const [redisCache, redisQueue] = await Promise.all([startRedis(), startRedis({ flavour: 'queue' })]);
  const databases: Partial<Record<Domain, TestDatabase>> = {};
  for (const domain of domains) databases[domain] = await createDatabase();

  const counts = { user: 0, inventory: 0, relay: 0 };
  const databaseUrl = (domain: Domain): string => {
    const database = databases[domain];
    if (database === undefined) throw new Error(`This system was started without the domain ${domain}.`);
    return database.url;
  };
  const common = { REDIS_CACHE_URL: redisCache.url, ...options.env };

  async function startReplica(
    domain: Domain,
    env: Readonly<Record<string, string>> = {},
  ): Promise<FreshetProcess> {
    counts[domain] += 1;
    const name = `${domain}-service-${counts[domain]}`;
    const process = await startFreshetProcess(`${domain}-service`, name, {
      ...common,
      DATABASE_URL: databaseUrl(domain),
      ...env,
    });
    await untilReady(process);
    return process;
  }

  async function startRelay(env: Readonly<Record<string, string>> = {}): Promise<FreshetProcess> {
    counts.relay += 1;
    const urls = domains.map((domain) => [`${domain.toUpperCase()}_DATABASE_URL`, databaseUrl(domain)]);
    const process = await startFreshetProcess('invalidation-relay', `invalidation-relay-${counts.relay}`, {
      ...common,
      REDIS_QUEUE_URL: redisQueue.url,
      FRESHET_DOMAINS: domains.join(','),
      ...Object.fromEntries(urls),
      ...env,
    });
    await untilReady(process);
    return process;
  }

  const several = (count: number, start: () => Promise<FreshetProcess>): Promise<FreshetProcess[]> =>
    Promise.all(Array.from({ length: count }, start));
  const replicasOf = (domain: Domain): Promise<FreshetProcess[]> =>
    several(domains.includes(domain) ? replicas : 0, () => startReplica(domain));
  const [user, inventory, relay] = await Promise.all([
    replicasOf('user'),
    replicasOf('inventory'),
    several(relays, () => startRelay()),
  ]);
  return {
    redisCache,
    redisQueue,
    databases,
    replicas: { user, inventory },
    relays: relay,
    startReplica,
    startRelay,
  };
}
