import { pickPort } from './ports.ts';

export const domains = ['user', 'inventory'] as const;
export type Domain = (typeof domains)[number];

export const databaseOf = (domain: Domain) => `freshet_${domain}`;

export const preferredPorts = {
  gateway: 8080,
  postgres: 15_432,
  redisCache: 16_379,
  redisQueue: 16_380,
  'user-service': 3001,
  'inventory-service': 3002,
  'invalidation-relay': 3003,
} as const;

export type ServiceName = 'user-service' | 'inventory-service' | 'invalidation-relay';

/** One process of one service. */
export interface Instance {
  readonly name: string;
  readonly service: ServiceName;
  readonly port: number;
  readonly url: string;
}

const RELAYS = 2;
/** The second replica of a service prefers the port ten higher, and so on. */
const PORT_STEP = 10;

/** Who runs, and where: as many of each service as wanted, and two relays. */
export async function planInstances(replicas: number): Promise<Instance[]> {
  const wanted: Record<ServiceName, number> = {
    'user-service': replicas,
    'inventory-service': replicas,
    'invalidation-relay': RELAYS,
  };
  const instances: Instance[] = [];
  for (const [service, count] of Object.entries(wanted) as [ServiceName, number][]) {
    for (let index = 0; index < count; index++) {
      const port = await pickPort(preferredPorts[service] + index * PORT_STEP);
      instances.push({ name: `${service}-${index + 1}`, service, port, url: `http://127.0.0.1:${port}` });
    }
  }
  return instances;
}

/** Where the servers are that the services use. */
export interface Servers {
  readonly postgres: string;
  readonly redisCache: string;
  readonly redisQueue: string;
}

/** The URL of one database on the server that `postgres` points to. */
export function databaseUrl(postgres: string, database: string): string {
  const url = new URL(postgres);
  url.pathname = `/${database}`;
  return url.href;
}

/** What a service is told: docker-compose.yml says the same in YAML. */
export function environmentOf(instance: Instance, servers: Servers): Record<string, string> {
  const common = {
    HOST: '127.0.0.1',
    PORT: String(instance.port),
    INSTANCE_NAME: instance.name,
    REDIS_CACHE_URL: servers.redisCache,
  };
  const urlOf = (domain: Domain) => databaseUrl(servers.postgres, databaseOf(domain));
  const own: Record<ServiceName, Record<string, string>> = {
    'user-service': { DATABASE_URL: urlOf('user') },
    'inventory-service': { DATABASE_URL: urlOf('inventory') },
    'invalidation-relay': {
      REDIS_QUEUE_URL: servers.redisQueue,
      FRESHET_DOMAINS: domains.join(','),
      USER_DATABASE_URL: urlOf('user'),
      INVENTORY_DATABASE_URL: urlOf('inventory'),
    },
  };
  return { ...common, ...own[instance.service] };
}
