import type { Redis } from 'ioredis';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { directive, withRedis } from './orders.ts';
import { repeat } from './repeated.ts';

const FELT_WITHIN_MS = 15_000;
const KILL_EVERY_MS = 700;
const PAUSE_MS = 2_500;

function killConnections(name: string, about: string, type: 'normal' | 'pubsub'): Fault {
  return {
    name,
    about,
    needs: ['processes'],
    async inject({ system }) {
      let killed = 0;
      const killing = repeat(KILL_EVERY_MS, async () => {
        killed += await withRedis(system.target.redisCache, (redis) => kill(redis, type));
      });
      return {
        async evidence() {
          await untilTrue(`connections of type ${type} are killed`, FELT_WITHIN_MS, () => killed > 0);
          return `CLIENT KILL TYPE ${type} ended ${killed} connections so far, again every ${KILL_EVERY_MS} ms`;
        },
        heal: () => killing.stop(),
      };
    },
  };
}

async function kill(redis: Redis, type: 'normal' | 'pubsub'): Promise<number> {
  return Number(await redis.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'));
}

function pauseClients(name: string, mode: 'ALL' | 'WRITE'): Fault {
  return {
    name,
    about: `CLIENT PAUSE ${PAUSE_MS} ${mode}`,
    needs: ['processes'],
    async inject({ system }) {
      const redisUrl = system.target.redisCache;
      await withRedis(redisUrl, (redis) => redis.call('CLIENT', 'PAUSE', PAUSE_MS, mode));
      return {
        async evidence() {
          // A write of ours is held back as well; it began after theirs.
          const startedAt = performance.now();
          await withRedis(redisUrl, (redis) => redis.call('PUBLISH', 'chaos:pause', '1'));
          return `PUBLISH was answered after ${(performance.now() - startedAt).toFixed(0)} ms`;
        },
        async heal() {
          await withRedis(redisUrl, (redis) => redis.call('CLIENT', 'UNPAUSE'));
        },
      };
    },
  };
}

const FLOOD_CHANNELS = ['cache:invalidate:user', 'cache:invalidate:inventory'];
const FLOOD = 'x'.repeat(64 * 1024);

/** Subscribers that cannot keep up are cut off. The limit is made small, and the doorbell rung with a heavy hand. */
const overflow: Fault = {
  name: 'output-buffer-overflow',
  about: 'client-output-buffer-limit pubsub of 32 kB, and doorbells of 64 kB',
  needs: ['processes'],
  async inject({ system }) {
    const redisUrl = system.target.redisCache;
    const before = await withRedis(redisUrl, async (redis) => {
      const limits = await directive(redis, 'client-output-buffer-limit');
      await redis.config('SET', 'client-output-buffer-limit', 'pubsub 32kb 8kb 1');
      return limits;
    });
    const subscribers = () =>
      withRedis(redisUrl, async (redis) => {
        const list = String(await redis.call('CLIENT', 'LIST', 'TYPE', 'PUBSUB'));
        return [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => id);
      });
    const first = await subscribers();
    const flood = repeat(KILL_EVERY_MS, () =>
      withRedis(redisUrl, async (redis) => {
        for (const channel of FLOOD_CHANNELS) await redis.publish(channel, FLOOD);
      }).catch(() => {}),
    );
    return {
      async evidence() {
        let gone = 0;
        await untilTrue('subscribers are cut off', FELT_WITHIN_MS, async () => {
          const now = await subscribers();
          gone = first.filter((id) => !now.includes(id)).length;
          return gone > 0;
        });
        return `${gone} of ${first.length} subscribers were cut off`;
      },
      async heal() {
        await flood.stop();
        await withRedis(redisUrl, (redis) => redis.config('SET', 'client-output-buffer-limit', before));
      },
    };
  },
};

const busyScript: Fault = {
  name: 'redis-busy',
  about: 'a Lua script of 2.5 s, so that Redis answers nobody, or BUSY',
  needs: ['processes'],
  async inject({ system }) {
    const redisUrl = system.target.redisCache;
    const startedAt = performance.now();
    const script = `local now = function() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
      local until_ = now() + 2500
      while now() < until_ do end
      return 1`;
    const running = withRedis(redisUrl, (redis) => redis.eval(script, 0));
    running.catch(() => {});
    return {
      async evidence() {
        await running;
        return `the script was answered after ${(performance.now() - startedAt).toFixed(0)} ms`;
      },
      async heal() {
        await running;
      },
    };
  },
};

/** What breaks connections to the cache Redis on its side. */
export const redisConnectionFaults: readonly Fault[] = [
  killConnections(
    'redis-connections-killed',
    'all connections of commands are killed, again and again',
    'normal',
  ),
  killConnections(
    'pubsub-connections-killed',
    'only the connections of doorbells are killed, again and again',
    'pubsub',
  ),
  pauseClients('redis-clients-paused', 'ALL'),
  pauseClients('redis-writes-paused', 'WRITE'),
  overflow,
  busyScript,
];
