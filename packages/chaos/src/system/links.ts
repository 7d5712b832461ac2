import type { Servers } from '@freshet/local/system';
import { openFaultProxy } from '@freshet/test-kit/network';
import type { Links } from './system-under-test.ts';

/** Proxies for one process, so that it alone can be cut off. */
export async function openLinks(
  servers: Servers,
  { redisCache, redisQueue }: { readonly redisCache: boolean; readonly redisQueue: boolean },
): Promise<Links> {
  return {
    postgres: await openFaultProxy({ url: servers.postgres }),
    ...(redisCache && { redisCache: await openFaultProxy({ url: servers.redisCache }) }),
    ...(redisQueue && { redisQueue: await openFaultProxy({ url: servers.redisQueue }) }),
  };
}

/** Where the process that has these links finds its servers. */
export function serversBehind(links: Links, servers: Servers): Servers {
  return {
    postgres: links.postgres.url,
    redisCache: links.redisCache?.url ?? servers.redisCache,
    redisQueue: links.redisQueue?.url ?? servers.redisQueue,
  };
}

export async function closeLinks(links: Links): Promise<void> {
  const proxies = [links.postgres, links.redisCache, links.redisQueue].filter((proxy) => proxy !== undefined);
  await Promise.all(proxies.map((proxy) => proxy.close()));
}
