import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { withRedis } from './orders.ts';
import { anyRunning, running, sendSignal, untilBack, untilDead } from './processes.ts';

const FELT_WITHIN_MS = 15_000;
const TROUBLE_MS = 2_000;

/** The queue is used only for what failed: while it is gone, the relays lose the cache Redis for a while too. */
const queueGone: Fault = {
  name: 'queue-gone',
  about: 'the queue Redis is dead for the window, while the relays cannot reach the cache Redis for 2 s',
  needs: ['own', 'lone-redis'],
  async inject({ system, random }) {
    const queue = anyRunning(system, random, 'redis-queue');
    const release = system.own.holdDown(queue.name);
    const pid = sendSignal(queue, 'SIGKILL');
    const since = performance.now();
    const relays = running(system, 'invalidation-relay').map(({ name }) => system.own.links(name));
    const attempts = () =>
      relays.reduce((sum, { redisQueue }) => sum + (redisQueue?.stats().connections ?? 0), 0);
    let attemptsBefore = Number.POSITIVE_INFINITY;
    for (const { redisCache } of relays) redisCache?.pause();
    const reach = () => {
      for (const { redisCache } of relays) redisCache?.resume();
    };
    const timer = setTimeout(reach, TROUBLE_MS);
    return {
      async evidence() {
        await untilDead(queue.name, pid, FELT_WITHIN_MS);
        // Connections that were opened before prove nothing: only those that relays tried while it was dead.
        attemptsBefore = Math.min(attemptsBefore, attempts());
        await untilTrue('the relays try in vain to reach the queue', FELT_WITHIN_MS, async () => {
          return attempts() > attemptsBefore && performance.now() - since > TROUBLE_MS;
        });
        return `redis-queue (pid ${pid}) is gone, ${attempts() - attemptsBefore} connections to it were tried in vain, and the relays' links to the cache held ${relays
          .map(({ redisCache }) => redisCache?.stats().heldBytes ?? 0)
          .join(' and ')} bytes`;
      },
      async heal() {
        clearTimeout(timer);
        reach();
        release();
        await untilBack(queue, pid);
      },
    };
  },
};

const BALLAST = 'ballast';

const diskFull: Fault = {
  name: 'queue-disk-full',
  about:
    'the disk of the queue Redis is full (a tmpfs of its own), while the relays cannot reach the cache Redis for 2 s',
  needs: ['own', 'lone-redis', 'queue-disk'],
  async inject({ system }) {
    const { queueFolder } = system.own;
    const ballast = join(queueFolder, BALLAST);
    const { bavail, bsize } = await statfs(queueFolder);
    await writeFile(ballast, Buffer.alloc(bavail * bsize)).catch(() => {});
    const relays = running(system, 'invalidation-relay').map(({ name }) => system.own.links(name));
    for (const { redisCache } of relays) redisCache?.pause();
    const reach = () => {
      for (const { redisCache } of relays) redisCache?.resume();
    };
    const timer = setTimeout(reach, TROUBLE_MS);
    return {
      async evidence() {
        let refusal = '';
        await untilTrue('the queue Redis refuses writes', FELT_WITHIN_MS, async () => {
          refusal = await withRedis(system.redisQueue, (redis) => redis.set('chaos:disk', Date.now())).then(
            () => '',
            (error: Error) => error.message,
          );
          return refusal.startsWith('MISCONF');
        });
        return `the queue Redis answers: ${refusal}`;
      },
      async heal() {
        clearTimeout(timer);
        reach();
        await rm(ballast, { force: true });
        await untilTrue('the queue Redis takes writes again', FELT_WITHIN_MS, () =>
          withRedis(system.redisQueue, (redis) => redis.del('chaos:disk')).then(() => true),
        );
      },
    };
  },
};

/** The queue of retries: what the relays could not do at once. */
export const queueFaults: readonly Fault[] = [queueGone, diskFull];
