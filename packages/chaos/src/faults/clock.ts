import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { libraryOfFaketime } from '../system/faketime.ts';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { anyRunning, sendSignal, untilBack, untilReady } from './processes.ts';

const FELT_WITHIN_MS = 15_000;

/** The wall clock alone: no system steps the monotonic one. libfaketime looks into its file once a second. */
function stepClock(
  name: string,
  about: string,
  offset: string,
  isStepped: (aheadMs: number) => boolean,
): Fault {
  return {
    name,
    about,
    needs: ['own', 'faketime'],
    async inject({ system, random }) {
      const victim = anyRunning(system, random, 'user-service', 'inventory-service');
      const folder = await mkdtemp(join(tmpdir(), 'freshet-clock-'));
      const file = join(folder, 'offset');
      const restart = async () => {
        const pid = sendSignal(victim, 'SIGKILL');
        await untilBack(victim, pid);
        await untilReady(victim);
      };
      const heal = async () => {
        system.own.setExtras(victim.name, null);
        await restart();
        await rm(folder, { recursive: true, force: true });
      };
      await writeFile(file, '+0');
      system.own.setExtras(victim.name, {
        env: {
          LD_PRELOAD: (await libraryOfFaketime()) ?? '',
          FAKETIME_TIMESTAMP_FILE: file,
          FAKETIME_CACHE_DURATION: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      });
      try {
        await restart();
        await writeFile(file, offset);
      } catch (error) {
        await heal();
        throw error;
      }
      return {
        async evidence() {
          let aheadMs = 0;
          await untilTrue(`the clock of ${victim.name} is stepped`, FELT_WITHIN_MS, async () => {
            const response = await fetch(`${victim.url}/livez`, { signal: AbortSignal.timeout(1_000) });
            await response.body?.cancel();
            aheadMs = Date.parse(response.headers.get('date') ?? '') - Date.now();
            return isStepped(aheadMs);
          });
          return `the Date of ${victim.name} is ${(aheadMs / 1_000).toFixed(1)} s ahead`;
        },
        heal,
      };
    },
  };
}

/** The wall clock of one replica jumps while it runs. */
export const clockFaults: readonly Fault[] = [
  stepClock(
    'clock-stepped-forward',
    "a replica's clock is stepped an hour ahead",
    '+3600',
    (ms) => ms > 3_000_000,
  ),
  stepClock(
    'clock-stepped-back',
    "a replica's clock is stepped an hour back",
    '-3600',
    (ms) => ms < -3_000_000,
  ),
];
