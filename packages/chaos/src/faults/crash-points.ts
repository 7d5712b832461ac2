import type { Direction, FaultProxy } from '@freshet/test-kit/network';
import type { ServiceName } from '@freshet/local/system';
import type { ProcessUnderTest } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { frozenInABatch } from './frozen-in-a-batch.ts';
import { withRedis } from './orders.ts';
import { anyRunning, isAlive, running, sendSignal, untilDead } from './processes.ts';

const DIES_WITHIN_MS = 20_000;

/** Steps of a relay: see its README, 'Crash points'. */
function relayDies(point: string, about: string): Fault {
  return {
    name: `relay-dies-${point}`,
    about: `both relays are killed ${about} (FRESHET_CRASH_AT=${point}), and so are those that take over`,
    needs: ['own'],
    async inject({ system }) {
      const since = performance.now();
      const relays = running(system, 'invalidation-relay');
      for (const relay of relays) system.own.setExtras(relay.name, { env: { FRESHET_CRASH_AT: point } });
      const ordered = new Set(relays.map((relay) => sendSignal(relay, 'SIGKILL')));
      // Of those that were started with the crash point.
      const died = () =>
        system.own.deaths.filter(
          ({ name, pid, at, how }) =>
            at > since &&
            how === 'SIGKILL' &&
            !ordered.has(pid) &&
            relays.some((relay) => relay.name === name),
        );
      return {
        async evidence() {
          await untilTrue(`a relay dies ${point}`, DIES_WITHIN_MS, () => died().length > 0);
          return died()
            .map(({ name, pid }) => `${name} (pid ${pid}) killed itself ${point}`)
            .join(', ');
        },
        async heal() {
          for (const relay of relays) system.own.setExtras(relay.name, null);
          // One that runs with the crash point would die at the next change.
          for (const relay of relays) if (relay.pid() !== undefined) sendSignal(relay, 'SIGKILL');
        },
      };
    },
  };
}

/** A blessing is needed after the cache was flushed. */
function relayDiesBlessing(point: string, about: string): Fault {
  const dies = relayDies(point, about);
  return {
    ...dies,
    about: `FLUSHALL, and ${dies.about}`,
    needs: ['own', 'lone-redis'],
    async inject(context) {
      const injected = await dies.inject(context);
      await withRedis(context.system.target.redisCache, (redis) => redis.flushall());
      return injected;
    },
  };
}

interface ReplicaDeath {
  readonly name: string;
  readonly about: string;
  readonly service: ServiceName;
  readonly link: 'postgres' | 'redisCache';
  /** Whether this is the moment. A chunk is seen before it is sent on. */
  readonly isMoment: (text: string, direction: Direction) => boolean;
  /** Whether what the replica would learn or say at that moment is kept from its receiver. */
  readonly hold: Direction;
}

/** Killed from outside, at a message that marks the moment; the message itself gets no further. */
function replicaDies({ name, about, service, link, isMoment, hold }: ReplicaDeath): Fault {
  return {
    name,
    about,
    needs: link === 'redisCache' ? ['own', 'lone-redis'] : ['own'],
    momentary: true,
    async inject({ system, random }) {
      const victim = anyRunning(system, random, service);
      const proxy = proxyOf(system.own.links(victim.name), link);
      const killed: { pid: number; text: string }[] = [];
      const unwatch = proxy.watch((chunk, direction) => {
        const text = chunk.toString('latin1');
        if (killed.length > 0 || !isMoment(text, direction)) return;
        proxy.pause(hold);
        killed.push({ pid: killNow(victim), text });
      });
      return {
        async evidence() {
          await untilTrue(`${victim.name} is at the moment`, DIES_WITHIN_MS, () => killed.length > 0);
          const [{ pid } = { pid: 0 }] = killed;
          await untilDead(victim.name, pid, DIES_WITHIN_MS);
          return `${victim.name} (pid ${pid}) was killed ${about.slice(about.indexOf('killed') + 7)}`;
        },
        async heal() {
          unwatch();
          // The dead process's connections go first, or what was held would still get through.
          proxy.cut();
          proxy.resume();
        },
      };
    },
  };
}

function killNow(victim: ProcessUnderTest): number {
  const pid = victim.pid();
  if (pid === undefined || !isAlive(pid)) return 0;
  process.kill(pid, 'SIGKILL');
  return pid;
}

function proxyOf(links: { postgres: FaultProxy; redisCache?: FaultProxy }, link: 'postgres' | 'redisCache') {
  const proxy = links[link];
  if (proxy === undefined) throw new Error('There is no proxy on this link.');
  return proxy;
}

/** Postgres's answer to COMMIT; `CommandComplete` names the command. */
const isCommitted = (text: string, direction: Direction): boolean =>
  direction === 'toClient' && text.includes('COMMIT\0');

/** Replicas and relays that die at a named point in the middle of an invalidation. */
export const crashPoints: readonly Fault[] = [
  frozenInABatch,
  relayDies('before-drop', 'before the DROPs of a batch'),
  relayDies('after-drop', 'after the DROPs of a batch'),
  relayDies('after-append', 'after the APPEND of a batch'),
  relayDies('before-mark', 'before the rows of a batch are marked'),
  relayDies('before-commit', 'after the rows are marked, before COMMIT'),
  relayDiesBlessing('after-record-blessing', 'after a blessing was recorded'),
  relayDiesBlessing('before-bless', 'before the server is blessed'),
  relayDiesBlessing('after-bless', 'after the server is blessed'),
  replicaDies({
    name: 'writer-dies-after-commit',
    about: 'a replica of user-service is killed after COMMIT, before it could DROP the entry',
    service: 'user-service',
    link: 'postgres',
    isMoment: isCommitted,
    hold: 'toClient',
  }),
  replicaDies({
    name: 'strong-writer-dies-after-commit',
    about: 'a replica of inventory-service is killed after COMMIT, before PUBLISH',
    service: 'inventory-service',
    link: 'postgres',
    isMoment: isCommitted,
    hold: 'toClient',
  }),
  replicaDies({
    name: 'strong-writer-dies-after-fence',
    about: 'a replica of inventory-service is killed between FENCE and COMMIT',
    service: 'inventory-service',
    link: 'postgres',
    isMoment: (text, direction) => direction === 'toServer' && text.includes('transaction_timeout'),
    hold: 'toServer',
  }),
];
