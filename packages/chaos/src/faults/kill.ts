import type { ProcessKind } from '../system/system-under-test.ts';
import { type Fault, nothingToHeal } from './fault.ts';
import { anyRunning, running, sendSignal, untilDead } from './processes.ts';

const DEAD_WITHIN_MS = 10_000;

function killOne(name: string, about: string, ...kinds: ProcessKind[]): Fault {
  return kill(name, about, kinds, (system, random) => [anyRunning(system, random, ...kinds)]);
}

function killAll(name: string, about: string, ...kinds: ProcessKind[]): Fault {
  return kill(name, about, kinds, (system) => running(system, ...kinds));
}

function kill(
  name: string,
  about: string,
  kinds: readonly ProcessKind[],
  choose: (...context: Parameters<typeof anyRunning>) => ReturnType<typeof running>,
): Fault {
  return {
    name,
    about,
    needs: ['processes'],
    momentary: true,
    async inject({ system, random }) {
      const victims = choose(system, random, ...kinds).map((victim) => ({
        victim,
        pid: sendSignal(victim, 'SIGKILL'),
      }));
      return {
        async evidence() {
          for (const { victim, pid } of victims) await untilDead(victim.name, pid, DEAD_WITHIN_MS);
          return victims.map(({ victim, pid }) => `${victim.name} (pid ${pid}) is gone`).join(', ');
        },
        heal: nothingToHeal,
      };
    },
  };
}

/** SIGKILL of every kind of process, at a moment that the load does not know. */
export const kills: readonly Fault[] = [
  killOne('user-replica-killed', 'SIGKILL to a replica of user-service', 'user-service'),
  killOne('inventory-replica-killed', 'SIGKILL to a replica of inventory-service', 'inventory-service'),
  killAll(
    'all-replicas-killed',
    'SIGKILL to all replicas of both services',
    'user-service',
    'inventory-service',
  ),
  killOne('relay-killed', 'SIGKILL to one of two relays', 'invalidation-relay'),
  killAll('all-relays-killed', 'SIGKILL to all relays', 'invalidation-relay'),
  killOne('gateway-killed', 'SIGKILL to the gateway', 'gateway'),
  {
    ...killOne('redis-restarts-empty', 'SIGKILL to the cache Redis, which comes back empty', 'redis-cache'),
    needs: ['processes', 'lone-redis'],
  },
  killOne('postgres-killed', 'SIGKILL to Postgres, which recovers from its log', 'postgres'),
];
