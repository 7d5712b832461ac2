import { withPostgres, withRedis } from '../faults/orders.ts';
import type { SystemUnderTest } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';

const RECOVERED_WITHIN_MS = 45_000;
const ANSWER_WITHIN_MS = 1_000;

/** Nobody has this id: that it is not there is cached like anything else, and no load touches it. */
const QUIET_PATHS: Readonly<Record<string, string>> = {
  'user-service': '/users/00000000-0000-7000-8000-000000000000',
  'inventory-service': '/products/nobody-has-this-product',
};

/** Waits until everything runs and is ready, and every replica answers from its memory again. @throws when that does not come */
export async function untilRecovered(system: SystemUnderTest): Promise<void> {
  const { target } = system;
  const until = (what: string, check: () => Promise<boolean>) => untilTrue(what, RECOVERED_WITHIN_MS, check);
  for (const one of system.processes()) {
    await until(`${one.name} runs`, async () => one.pid() !== undefined);
  }
  await Promise.all([
    until('Postgres answers', () => withPostgres(system.postgres, async () => true)),
    until('the cache Redis answers', () => withRedis(target.redisCache, isPrimary)),
    until('the queue Redis answers', () => withRedis(system.redisQueue, isPrimary)),
    until('the gateway is ready', () => isReady(target.gateway)),
    ...target.relays.map(({ name, url }) => until(`${name} is ready`, () => isReady(url))),
    ...target.replicas.map(({ name, service, url }) =>
      until(`${name} answers from memory`, async () => {
        if (!(await isReady(url))) return false;
        const path = QUIET_PATHS[service] ?? '';
        await cacheStatus(`${url}${path}`);
        const status = await cacheStatus(`${url}${path}`);
        if (!/; hit(?:;.*)?; detail=l1/.test(status)) throw new Error(status);
        return true;
      }),
    ),
  ]);
}

async function isPrimary(redis: { info(section: 'replication'): Promise<string> }): Promise<boolean> {
  return (await redis.info('replication')).includes('role:master');
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  await response.body?.cancel();
  return response.ok;
}

async function cacheStatus(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  await response.body?.cancel();
  return response.headers.get('cache-status') ?? `status ${response.status}`;
}
