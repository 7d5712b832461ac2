import type { ProcessKind, ProcessUnderTest } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { anyRunning, isAlive, kernelState, running, sendSignal } from './processes.ts';

const STOPPED_WITHIN_MS = 5_000;

function freeze(name: string, about: string, all: boolean, ...kinds: ProcessKind[]): Fault {
  return {
    name,
    about,
    needs: ['processes'],
    async inject({ system, random }) {
      const victims = all ? running(system, ...kinds) : [anyRunning(system, random, ...kinds)];
      const frozen = victims.map((victim) => ({ victim, pid: sendSignal(victim, 'SIGSTOP') }));
      return {
        async evidence() {
          for (const { victim, pid } of frozen) await untilStopped(victim, pid);
          return frozen.map(({ victim, pid }) => `${victim.name} (pid ${pid}) is in state T`).join(', ');
        },
        async heal() {
          for (const { pid } of frozen) if (isAlive(pid)) process.kill(pid, 'SIGCONT');
        },
      };
    },
  };
}

async function untilStopped({ name }: ProcessUnderTest, pid: number): Promise<void> {
  await untilTrue(`${name} stands still`, STOPPED_WITHIN_MS, async () => (await kernelState(pid)) === 'T');
}

/** SIGSTOP, and SIGCONT at the end of the window: a machine that hangs and wakes, with all that it believed before. */
export const freezes: readonly Fault[] = [
  freeze('user-replica-frozen', 'SIGSTOP to a replica of user-service, then SIGCONT', false, 'user-service'),
  freeze(
    'inventory-replica-frozen',
    'SIGSTOP to a replica of inventory-service, then SIGCONT',
    false,
    'inventory-service',
  ),
  freeze('relay-frozen', 'SIGSTOP to one of two relays, then SIGCONT', false, 'invalidation-relay'),
  freeze('all-relays-frozen', 'SIGSTOP to all relays, then SIGCONT', true, 'invalidation-relay'),
  {
    ...freeze('redis-frozen', 'SIGSTOP to the cache Redis, then SIGCONT', false, 'redis-cache'),
    needs: ['processes', 'lone-redis'],
  },
  freeze('queue-frozen', 'SIGSTOP to the queue Redis, then SIGCONT', false, 'redis-queue'),
  freeze('gateway-frozen', 'SIGSTOP to the gateway, then SIGCONT', false, 'gateway'),
];
