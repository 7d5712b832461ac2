import { nextRelease } from '../mutants/next-release.ts';
import { withPatches } from '../mutants/patches.ts';
import type { ProcessUnderTest, SystemUnderTest } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';
import { type Fault, nothingToHeal } from './fault.ts';
import { withPostgres } from './orders.ts';
import { anyRunning, running, sendSignal, untilBack, untilDead, untilReady } from './processes.ts';

const STOPS_WITHIN_MS = 20_000;
const REGISTERED_WITHIN_MS = 10_000;
const DOMAINS = ['user', 'inventory'] as const;

/** One after the other, each only when the one before is ready again. Answers their names. */
async function restartInTurn(processes: readonly ProcessUnderTest[]): Promise<string[]> {
  for (const process of processes) await restart(process);
  return processes.map(({ name }) => name);
}

async function restart(process: ProcessUnderTest): Promise<void> {
  const pid = sendSignal(process, 'SIGTERM');
  await untilDead(process.name, pid, STOPS_WITHIN_MS);
  await untilBack(process, pid);
  if (process.url !== undefined) await untilReady(process);
}

const rollingRestart: Fault = {
  name: 'rolling-restart',
  about:
    'SIGTERM to every replica and relay, one after the other, each when the one before is ready again; then the gateway',
  needs: ['processes'],
  momentary: true,
  async inject({ system, random }) {
    const restarting = restartInTurn([
      ...running(system, 'user-service', 'inventory-service'),
      ...running(system, 'invalidation-relay'),
    ]);
    restarting.catch(() => {});
    return {
      async evidence() {
        const names = await restarting;
        const gateway = anyRunning(system, random, 'gateway');
        await softStop(gateway);
        return `${[...names, gateway.name].join(', ')} were restarted`;
      },
      heal: nothingToHeal,
    };
  },
};

const gatewayRestarted: Fault = {
  name: 'gateway-restarted',
  about: 'soft stop of the gateway (SIGUSR1), and a new one',
  needs: ['processes'],
  momentary: true,
  async inject({ system, random }) {
    const gateway = anyRunning(system, random, 'gateway');
    const stopping = softStop(gateway);
    stopping.catch(() => {});
    return {
      async evidence() {
        const [before, after] = await stopping;
        return `gateway: pid ${before}, then ${after}`;
      },
      heal: nothingToHeal,
    };
  },
};

async function softStop(gateway: ProcessUnderTest): Promise<[number, number | undefined]> {
  const pid = sendSignal(gateway, 'SIGUSR1');
  await untilDead(gateway.name, pid, STOPS_WITHIN_MS);
  await untilBack(gateway, pid);
  return [pid, gateway.pid()];
}

const rollingDeploy: Fault = {
  name: 'rolling-deploy',
  about:
    'a release with new schema versions is rolled out to half of the replicas, and rolled back at the end of the window',
  needs: ['own'],
  async inject({ system }) {
    const first = (kind: 'user-service' | 'inventory-service') => running(system, kind).slice(0, 1);
    const updated = [...first('user-service'), ...first('inventory-service')];
    for (const { name } of updated) system.own.setExtras(name, withPatches(nextRelease));
    const deploying = restartInTurn(updated);
    deploying.catch(() => {});
    return {
      async evidence() {
        const names = await deploying;
        let registered: string[] = [];
        await untilTrue('the new schema versions are registered', REGISTERED_WITHIN_MS, async () => {
          registered = await registeredNumbers(system);
          return registered.length >= nextRelease.length;
        });
        return `${names.join(' and ')} run the next release beside the old one: ${registered.join(', ')}`;
      },
      async heal() {
        await deploying.catch(() => []);
        for (const { name } of updated) system.own.setExtras(name, null);
        await restartInTurn(updated);
      },
    };
  },
};

async function registeredNumbers(system: SystemUnderTest): Promise<string[]> {
  const { databases } = system.target;
  const found = await Promise.all(
    DOMAINS.map((domain) =>
      withPostgres(databases[domain], (client) =>
        client.query<{ name: string }>(
          `select service || ':v' || number || ':' || entity as name from freshet.schema_version where number = 2`,
        ),
      ),
    ),
  );
  return found.flatMap(({ rows }) => rows.map(({ name }) => name));
}

/** What operators do to a healthy system. */
export const rollouts: readonly Fault[] = [rollingRestart, gatewayRestarted, rollingDeploy];
