import {
  type Cache,
  type CacheAside,
  connectRedis,
  createCache,
  type PolicyOptions,
  postgresDomain,
  ttl,
} from '@freshet/cache-core';
import { disposeAtEnd, eventually } from '@freshet/test-kit';
import { DOMAIN, type RelayFixture } from './relay-fixture.ts';

interface Profile {
  id: string;
  name: string;
}

export interface ProfileReplica {
  readonly cache: Cache;
  readonly profiles: CacheAside<Profile>;
}

export interface ProfileReplicaOptions {
  instance?: string;
  redisUrl?: string;
  policy?: Partial<PolicyOptions<Profile>>;
}

/** A replica of the fixture's domain in this process, under limits as they are in production, with its first lease. */
export async function startProfileReplica(
  fixture: RelayFixture,
  { instance = 'user-service-1', redisUrl = fixture.cache.url, policy = {} }: ProfileReplicaOptions = {},
): Promise<ProfileReplica> {
  const redis = connectRedis(redisUrl, { commandTimeoutMs: 1_000 });
  const cache = createCache({
    service: 'user',
    instance,
    redis,
    origin: postgresDomain({ name: DOMAIN, pool: fixture.db }),
  });
  const profiles = cache.aside<Profile>({
    entity: 'profile',
    ttl: ttl.profile,
    maxStaleness: 2_000,
    async load(id) {
      const { rows } = await fixture.db.query<Profile & { version: string }>(
        'select id, name, version from profiles where id = $1',
        [id],
      );
      const [row] = rows;
      return row === undefined ? null : { value: { id: row.id, name: row.name }, version: row.version };
    },
    ...policy,
  });
  await cache.start();
  disposeAtEnd(`replica ${instance}`, async () => {
    await cache.close();
    redis.disconnect();
  });
  await eventually(() => cache.state().mode === 'l1', { what: `${instance} holds a freshness lease` });
  return { cache, profiles };
}
