import type { FaultProxy } from '@freshet/test-kit/network';
import type { Links, ProcessKind, ProcessUnderTest, SystemUnderTest } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { anyRunning, running } from './processes.ts';

const FELT_WITHIN_MS = 10_000;
const SLOW_MS = 120;

type To = keyof Links;

interface LinkFault {
  readonly name: string;
  readonly about: string;
  readonly to: To;
  readonly of: readonly ProcessKind[];
  /** All processes of these kinds; else one. */
  readonly all?: boolean;
  /** Who cannot prove its memory fresh meanwhile. */
  readonly unproven?: 'itself' | 'every replica';
  breakIt(proxy: FaultProxy): void;
  /** What only this fault makes grow. */
  felt(proxy: FaultProxy): number;
  readonly unit: string;
}

const linkNames: Record<To, string> = {
  redisCache: 'the cache Redis',
  redisQueue: 'the queue Redis',
  postgres: 'Postgres',
};

function linkFault(options: LinkFault): Fault {
  const { name, about, to, of, all = false } = options;
  return {
    name,
    about,
    needs: to === 'redisCache' ? ['own', 'lone-redis'] : ['own'],
    async inject({ system, random }) {
      const victims = all ? running(system, ...of) : [anyRunning(system, random, ...of)];
      const proxies = victims.map((victim) => ({ victim, proxy: proxyOf(system, victim, to) }));
      const before = proxies.map(({ proxy }) => options.felt(proxy));
      for (const { proxy } of proxies) options.breakIt(proxy);
      const grown = () => proxies.map(({ proxy }, index) => options.felt(proxy) - (before[index] ?? 0));
      return {
        async evidence() {
          await untilTrue(`${about} is felt`, FELT_WITHIN_MS, () => grown().every((amount) => amount > 0));
          return proxies
            .map(
              ({ victim }, index) =>
                `${grown()[index]} ${options.unit} between ${victim.name} and ${linkNames[to]}`,
            )
            .join(', ');
        },
        async heal() {
          for (const { proxy } of proxies) {
            proxy.delay(0);
            proxy.resume();
            await proxy.accept();
          }
        },
        ...(options.unproven !== undefined && {
          unproven: (options.unproven === 'itself' ? victims : system.target.replicas).map((one) => one.name),
        }),
      };
    },
  };
}

function proxyOf(system: SystemUnderTest, { name }: ProcessUnderTest, to: To): FaultProxy {
  const proxy = system.own.links(name)[to];
  if (proxy === undefined) throw new Error(`There is no proxy between ${name} and ${linkNames[to]}.`);
  return proxy;
}

const dropped = { felt: (proxy: FaultProxy) => proxy.stats().droppedBytes, unit: 'bytes lost' };
const delayed = { felt: (proxy: FaultProxy) => proxy.stats().delayedBytes, unit: 'bytes late' };
const replicas: readonly ProcessKind[] = ['user-service', 'inventory-service'];

/** Packets lost one way, both ways, and late, on one link of one process or of all of a kind. */
export const linkFaults: readonly Fault[] = [
  linkFault({
    name: 'replica-deaf',
    about: 'a replica hears nothing from the cache Redis',
    to: 'redisCache',
    of: replicas,
    unproven: 'itself',
    breakIt: (proxy) => proxy.drop('toClient'),
    ...dropped,
  }),
  linkFault({
    name: 'replica-mute',
    about: 'nothing that a replica says reaches the cache Redis',
    to: 'redisCache',
    of: replicas,
    unproven: 'itself',
    breakIt: (proxy) => proxy.drop('toServer'),
    ...dropped,
  }),
  linkFault({
    name: 'replica-cut-off',
    about: 'a replica is cut off from the cache Redis, both ways',
    to: 'redisCache',
    of: replicas,
    unproven: 'itself',
    breakIt: dropBothWays,
    ...dropped,
  }),
  linkFault({
    name: 'relays-cut-off-from-redis',
    about: 'both relays are cut off from the cache Redis',
    to: 'redisCache',
    of: ['invalidation-relay'],
    all: true,
    unproven: 'every replica',
    breakIt: dropBothWays,
    ...dropped,
  }),
  linkFault({
    name: 'relays-cut-off-from-postgres',
    about: 'both relays are cut off from Postgres',
    to: 'postgres',
    of: ['invalidation-relay'],
    all: true,
    unproven: 'every replica',
    breakIt: dropBothWays,
    ...dropped,
  }),
  linkFault({
    name: 'replica-cut-off-from-postgres',
    about: 'a replica is cut off from Postgres, both ways',
    to: 'postgres',
    of: replicas,
    breakIt: dropBothWays,
    ...dropped,
  }),
  linkFault({
    name: 'redis-slow-for-a-replica',
    about: `each packet between a replica and the cache Redis takes ${SLOW_MS} ms longer`,
    to: 'redisCache',
    of: replicas,
    breakIt: (proxy) => proxy.delay(SLOW_MS),
    ...delayed,
  }),
  linkFault({
    name: 'redis-slow-for-relays',
    about: `each packet between the relays and the cache Redis takes ${SLOW_MS} ms longer`,
    to: 'redisCache',
    of: ['invalidation-relay'],
    all: true,
    breakIt: (proxy) => proxy.delay(SLOW_MS),
    ...delayed,
  }),
  linkFault({
    name: 'postgres-slow',
    about: `each packet between all replicas and Postgres takes ${SLOW_MS} ms longer`,
    to: 'postgres',
    of: replicas,
    all: true,
    breakIt: (proxy) => proxy.delay(SLOW_MS),
    ...delayed,
  }),
];

function dropBothWays(proxy: FaultProxy): void {
  proxy.drop('toServer');
  proxy.drop('toClient');
}
