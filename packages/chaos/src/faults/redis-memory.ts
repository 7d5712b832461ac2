import type { Redis } from 'ioredis';
import { untilTrue } from '../until.ts';
import { type Fault, nothingToHeal } from './fault.ts';
import { directive, infoNumber, withRedis } from './orders.ts';
import { repeat } from './repeated.ts';

const FELT_WITHIN_MS = 15_000;
const SQUEEZE_EVERY_MS = 300;

/** Under `volatile-lfu`, as in production: keys with a TTL go, the log and the heads do not. */
const evicting: Fault = {
  name: 'redis-evicting',
  about: 'maxmemory below what is used, with the policy of production: entries are evicted all the time',
  needs: ['lone-redis'],
  async inject({ system }) {
    const redisUrl = system.target.redisCache;
    const { maxmemory, evictedBefore } = await withRedis(redisUrl, async (redis) => ({
      maxmemory: await directive(redis, 'maxmemory'),
      evictedBefore: await infoNumber(redis, 'stats', 'evicted_keys'),
    }));
    const squeeze = repeat(SQUEEZE_EVERY_MS, () => withRedis(redisUrl, squeezeOnce).catch(() => {}));
    return {
      async evidence() {
        let evicted = 0;
        await untilTrue('keys are evicted', FELT_WITHIN_MS, async () => {
          evicted =
            (await withRedis(redisUrl, (redis) => infoNumber(redis, 'stats', 'evicted_keys'))) -
            evictedBefore;
          return evicted > 0;
        });
        return `evicted_keys grew by ${evicted}`;
      },
      async heal() {
        await squeeze.stop();
        await withRedis(redisUrl, (redis) => redis.config('SET', 'maxmemory', maxmemory));
      },
    };
  },
};

/** Room for all but some kilobytes of what is in use, and then again enough for the next writes. */
async function squeezeOnce(redis: Redis): Promise<void> {
  const used = await infoNumber(redis, 'memory', 'used_memory');
  await redis.config('SET', 'maxmemory', String(used - 16 * 1024));
  await redis.config('SET', 'maxmemory', String(used + 256 * 1024));
}

/** Nothing is left to evict: every write is refused with OOM. */
const full: Fault = {
  name: 'redis-full',
  about: 'maxmemory used up by keys without a TTL: Redis refuses writes with OOM',
  needs: ['lone-redis'],
  async inject({ system }) {
    const redisUrl = system.target.redisCache;
    const refusals = () => withRedis(redisUrl, (redis) => infoNumber(redis, 'errorstats', 'errorstat_OOM'));
    const before = await refusals();
    const maxmemory = await withRedis(redisUrl, async (redis) => {
      const limit = await directive(redis, 'maxmemory');
      await redis.config('SET', 'maxmemory', '1');
      return limit;
    });
    return {
      async evidence() {
        let refused = 0;
        await untilTrue('writes are refused', FELT_WITHIN_MS, async () => {
          refused = (await refusals()) - before;
          return refused > 0;
        });
        return `${refused} commands were answered OOM`;
      },
      async heal() {
        await withRedis(redisUrl, (redis) => redis.config('SET', 'maxmemory', maxmemory));
      },
    };
  },
};

/** Once: strong reads are exempt for one lease after it, bounded ones are not. */
const flushAll: Fault = {
  name: 'redis-flushed',
  about: 'FLUSHALL',
  needs: ['processes'],
  momentary: true,
  async inject({ system }) {
    const keys = await withRedis(system.target.redisCache, async (redis) => {
      const there = await redis.dbsize();
      await redis.flushall();
      return there;
    });
    return {
      async evidence() {
        if (keys === 0) throw new Error('There was no key to lose.');
        return `${keys} keys were there before FLUSHALL`;
      },
      heal: nothingToHeal,
    };
  },
};

const DOMAINS = ['user', 'inventory'];

const logLost: Fault = {
  name: 'log-lost',
  about: 'the invalidation logs are deleted while the heads stay',
  needs: ['processes'],
  momentary: true,
  async inject({ system }) {
    const redisUrl = system.target.redisCache;
    const logs = DOMAINS.map((domain) => `{coherence:${domain}}:log`);
    const deleted = await withRedis(redisUrl, (redis) => redis.del(...logs));
    return {
      async evidence() {
        if (deleted === 0) throw new Error('There was no log to delete.');
        return `DEL took away ${deleted} logs`;
      },
      heal: nothingToHeal,
    };
  },
};

/** What happens to the data of the cache Redis. */
export const redisMemoryFaults: readonly Fault[] = [evicting, full, flushAll, logLost];
