import { databaseOf, databaseUrl, type ServiceName } from '@freshet/local/system';
import type { Target, TargetProcess } from '../contract.ts';

/** A target that is asked anew at each use: processes that were started again have other pids, a failover has another Redis. */
export function liveTarget(
  processesOf: (...services: ServiceName[]) => readonly TargetProcess[],
  servers: Readonly<Record<'gateway' | 'postgres' | 'redisCache', () => string>>,
): Target {
  return {
    get gateway() {
      return servers.gateway();
    },
    get replicas() {
      return processesOf('user-service', 'inventory-service');
    },
    get relays() {
      return processesOf('invalidation-relay');
    },
    get databases() {
      const url = servers.postgres();
      return {
        user: databaseUrl(url, databaseOf('user')),
        inventory: databaseUrl(url, databaseOf('inventory')),
      };
    },
    get redisCache() {
      return servers.redisCache();
    },
  };
}
