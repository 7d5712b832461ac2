import type { Redis } from 'ioredis';
import { REPLICA_USER, SENTINEL_USER } from '../system/sentinel-group.ts';
import type { ProcessUnderTest, SentinelControl, SystemUnderTest } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { withRedis } from './orders.ts';
import { sendSignal, untilBack } from './processes.ts';

const TAKEN_OVER_WITHIN_MS = 30_000;
const SPLIT_WITHIN_MS = 10_000;

interface Primary {
  readonly port: number;
  readonly url: string;
  readonly process: ProcessUnderTest;
}

function controlOf(system: SystemUnderTest): SentinelControl {
  const { sentinel } = system.own;
  if (sentinel === undefined) throw new Error('There are no Sentinels.');
  return sentinel;
}

async function primaryOf(system: SystemUnderTest): Promise<Primary> {
  const control = controlOf(system);
  const port = await control.primaryPort();
  const process = system.processes('redis-cache').find(({ name }) => name === control.servers.get(port ?? 0));
  if (port === undefined || process === undefined) throw new Error('The Sentinels name no primary.');
  return { port, url: control.serverUrl(port), process };
}

/** Until the Sentinels name another server, which says so itself. */
async function successorOf(system: SystemUnderTest, old: Primary): Promise<string> {
  let successor = '';
  await untilTrue('the Sentinels have made another server the primary', TAKEN_OVER_WITHIN_MS, async () => {
    const now = await primaryOf(system);
    if (now.port === old.port || (await withRedis(now.url, roleOf)) !== 'master') return false;
    successor = now.process.name;
    return true;
  });
  return successor;
}

async function roleOf(redis: Redis): Promise<string | undefined> {
  return /role:(\w+)/.exec(await redis.info('replication'))?.[1];
}

/** What this primary writes from now on reaches no replica. */
async function holdReplication(url: string): Promise<void> {
  await refuse(url, REPLICA_USER);
}

async function refuse(url: string, user: string): Promise<void> {
  await withRedis(url, async (redis) => {
    await redis.acl('SETUSER', user, 'off');
    await redis.client('KILL', 'USER', user);
  });
}

async function admit(url: string, ...users: string[]): Promise<void> {
  await withRedis(url, async (redis) => {
    for (const user of users) await redis.acl('SETUSER', user, 'on');
    // Those whose login was refused meanwhile stay connected as nobody, and would not try again for 15 s.
    await redis.client('KILL', 'USER', 'default');
  });
}

const failover: Fault = {
  name: 'primary-killed',
  about: 'SIGKILL to the primary, with writes that no replica has; a replica takes over',
  needs: ['own', 'sentinel'],
  async inject({ system }) {
    const primary = await primaryOf(system);
    await holdReplication(primary.url);
    const release = system.own.holdDown(primary.process.name);
    const lost = await withRedis(primary.url, (redis) => redis.dbsize());
    const pid = sendSignal(primary.process, 'SIGKILL');
    return {
      async evidence() {
        const successor = await successorOf(system, primary);
        return `${primary.process.name} (pid ${pid}) is gone with ${lost} keys, ${successor} has taken over`;
      },
      async heal() {
        release();
        await untilBack(primary.process, pid);
      },
    };
  },
};

const hangs: Fault = {
  name: 'primary-frozen',
  about:
    'SIGSTOP to the primary until a replica has taken over and the window is over, then SIGCONT: it wakes as a primary',
  needs: ['own', 'sentinel'],
  async inject({ system }) {
    const primary = await primaryOf(system);
    const pid = sendSignal(primary.process, 'SIGSTOP');
    return {
      async evidence() {
        const successor = await successorOf(system, primary);
        return `${primary.process.name} (pid ${pid}) hangs, ${successor} has taken over`;
      },
      async heal() {
        process.kill(pid, 'SIGCONT');
      },
    };
  },
};

/** The Sentinels and the replicas cannot reach the primary, half of its clients can: it goes on as one beside its successor. */
const splitBrain: Fault = {
  name: 'split-brain',
  about:
    'the primary is cut off from Sentinels, replicas and half of its clients: for the window both halves have a primary',
  needs: ['own', 'sentinel'],
  async inject({ system }) {
    const primary = await primaryOf(system);
    await refuse(primary.url, REPLICA_USER);
    await refuse(primary.url, SENTINEL_USER);
    return {
      async evidence() {
        const successor = await successorOf(system, primary);
        const moved = await withRedis(primary.url, killHalf);
        let stay = 0;
        await untilTrue('both are primaries with clients', SPLIT_WITHIN_MS, () =>
          withRedis(primary.url, async (redis) => {
            stay = (await clientsOf(redis)).length;
            return stay > 0 && (await roleOf(redis)) === 'master';
          }),
        );
        return `${primary.process.name} and ${successor} are primaries; ${stay} connections stay with the old one, ${moved} had to leave`;
      },
      async heal() {
        await admit(primary.url, REPLICA_USER, SENTINEL_USER);
        await untilTrue('the old primary is demoted', TAKEN_OVER_WITHIN_MS, () =>
          withRedis(primary.url, async (redis) => (await roleOf(redis)) === 'slave'),
        );
      },
    };
  },
};

interface Client {
  readonly id: string;
  readonly name: string;
}

/** Connections of services and relays. */
async function clientsOf(redis: Redis): Promise<Client[]> {
  const list = String(await redis.call('CLIENT', 'LIST'));
  return [...list.matchAll(/^id=(\d+) .*?name=(\S*) /gm)]
    .map(([, id = '', name = '']) => ({ id, name }))
    .filter(({ name }) => /service|relay/.test(name));
}

/** The first replica of each service and the first relay. Answers how many connections that were. */
async function killHalf(redis: Redis): Promise<number> {
  const half = (await clientsOf(redis)).filter(({ name }) => /(?:service|relay)-1\b/.test(name));
  for (const { id } of half) await redis.client('KILL', 'ID', id);
  return half.length;
}

const orderly: Fault = {
  name: 'failover-ordered',
  about: 'SENTINEL FAILOVER: another server is made the primary, nobody dies',
  needs: ['own', 'sentinel'],
  momentary: true,
  async inject({ system }) {
    const control = controlOf(system);
    const primary = await primaryOf(system);
    const [sentinel = 0] = control.sentinelPorts;
    await withRedis(`redis://127.0.0.1:${sentinel}`, (redis) =>
      redis.call('SENTINEL', 'FAILOVER', control.group),
    );
    return {
      evidence: async () =>
        `${await successorOf(system, primary)} has taken over from ${primary.process.name}`,
      heal: () => Promise.resolve(),
    };
  },
};

/** What happens to a cache that is a Sentinel group. */
export const sentinelFaults: readonly Fault[] = [failover, hangs, splitBrain, orderly];
