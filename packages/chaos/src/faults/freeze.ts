import type { Capability, ProcessKind, ProcessUnderTest } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { anyRunning, isAlive, kernelState, running, sendSignal } from './processes.ts';

const STOPPED_WITHIN_MS = 5_000;

interface Freeze {
  readonly name: string;
  readonly what: string;
  readonly kind: ProcessKind;
  /** All of the kind; else one of them. */
  readonly all?: boolean;
  readonly needs?: readonly Capability[];
  /** Whether no replica can prove its memory fresh meanwhile. */
  readonly unproven?: boolean;
}

function freeze({ name, what, kind, all = false, needs = [], unproven = false }: Freeze): Fault {
  return {
    name,
    about: `SIGSTOP to ${what}, then SIGCONT`,
    needs: ['processes', ...needs],
    async inject({ system, random }) {
      const victims = all ? running(system, kind) : [anyRunning(system, random, kind)];
      const frozen = victims.map((victim) => ({ victim, pid: sendSignal(victim, 'SIGSTOP') }));
      return {
        async evidence() {
          for (const { victim, pid } of frozen) await untilStopped(victim, pid);
          return frozen.map(({ victim, pid }) => `${victim.name} (pid ${pid}) is in state T`).join(', ');
        },
        async heal() {
          for (const { pid } of frozen) if (isAlive(pid)) process.kill(pid, 'SIGCONT');
        },
        ...(unproven && { unproven: system.target.replicas.map((replica) => replica.name) }),
      };
    },
  };
}

async function untilStopped({ name }: ProcessUnderTest, pid: number): Promise<void> {
  await untilTrue(`${name} stands still`, STOPPED_WITHIN_MS, async () => (await kernelState(pid)) === 'T');
}

/** SIGSTOP, and SIGCONT at the end of the window: a machine that hangs and wakes, with all that it believed before. */
export const freezes: readonly Fault[] = [
  freeze({ name: 'user-replica-frozen', what: 'a replica of user-service', kind: 'user-service' }),
  freeze({
    name: 'inventory-replica-frozen',
    what: 'a replica of inventory-service',
    kind: 'inventory-service',
  }),
  freeze({ name: 'relay-frozen', what: 'one of two relays', kind: 'invalidation-relay' }),
  freeze({
    name: 'all-relays-frozen',
    what: 'all relays',
    kind: 'invalidation-relay',
    all: true,
    unproven: true,
  }),
  freeze({
    name: 'redis-frozen',
    what: 'the cache Redis',
    kind: 'redis-cache',
    needs: ['lone-redis'],
    unproven: true,
  }),
  freeze({ name: 'queue-frozen', what: 'the queue Redis', kind: 'redis-queue' }),
  freeze({ name: 'gateway-frozen', what: 'the gateway', kind: 'gateway' }),
];
