import type { FaultProxy } from '@freshet/test-kit/network';
import type { ProcessUnderTest } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { withPostgres } from './orders.ts';
import { anyRunning, isAlive, kernelState, running } from './processes.ts';

/** Both relays wait for Postgres so long first, so that the batch is one of many rows. */
const GATHER_MS = 700;
const AT_THE_MOMENT_WITHIN_MS = 20_000;
/** Shorter is an answer of few rows, or none. */
const SOME_ROWS_BYTES = 1_000;

/** Its transaction holds rows that the other relay must skip, and yet must not take for done. */
export const frozenInABatch: Fault = {
  name: 'relay-frozen-in-a-batch',
  about: 'SIGSTOP to a relay that has locked rows and done nothing with them yet, then SIGCONT',
  needs: ['own'],
  async inject({ system, random }) {
    const victim = anyRunning(system, random, 'invalidation-relay');
    const links = new Map(
      running(system, 'invalidation-relay').map(({ name }) => [name, system.own.links(name).postgres]),
    );
    const letAllGo = () => {
      for (const link of links.values()) link.resume();
    };
    for (const link of links.values()) link.pause('toServer');
    const its = system.own.links(victim.name).postgres;
    const trap = setTrap(its, victim, letAllGo);
    const timer = setTimeout(() => its.resume(), GATHER_MS);
    return {
      async evidence() {
        await untilTrue(`${victim.name} has locked rows`, AT_THE_MOMENT_WITHIN_MS, async () => {
          const pid = trap.pid();
          return pid !== undefined && (await kernelState(pid)) === 'T';
        });
        const open = await openTransactions(system.postgres, victim.name);
        return `${victim.name} (pid ${trap.pid()}) is in state T, with ${open} open transactions`;
      },
      async heal() {
        clearTimeout(timer);
        trap.remove();
        letAllGo();
        const pid = trap.pid();
        if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGCONT');
      },
    };
  },
};

/** Stops the process at the first answer with rows to the statement that locks them. */
function setTrap(link: FaultProxy, victim: ProcessUnderTest, onTrapped: () => void) {
  let asked = false;
  let trapped: number | undefined;
  const remove = link.watch((chunk, direction) => {
    if (trapped !== undefined) return;
    if (direction === 'toServer') {
      asked ||= chunk.includes('for update skip locked');
      return;
    }
    const pid = victim.pid();
    if (asked && chunk.length >= SOME_ROWS_BYTES && pid !== undefined && isAlive(pid)) {
      process.kill(pid, 'SIGSTOP');
      trapped = pid;
      onTrapped();
    }
    asked = false;
  });
  return { remove, pid: () => trapped };
}

function openTransactions(url: string, applicationName: string): Promise<number> {
  return withPostgres(url, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      'select count(*)::int as count from pg_stat_activity where application_name = $1 and xact_start is not null',
      [applicationName],
    );
    return rows[0]?.count ?? 0;
  });
}
