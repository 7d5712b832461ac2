import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { withPostgres } from './orders.ts';
import { anyRunning, isAlive, kernelState } from './processes.ts';

const AT_THE_MOMENT_WITHIN_MS = 20_000;
/** Shorter is an answer without rows. */
const SOME_ROWS_BYTES = 400;

/** Its transaction holds rows that the other relay must skip, and yet must not take for done. */
export const frozenInABatch: Fault = {
  name: 'relay-frozen-in-a-batch',
  about: 'SIGSTOP to a relay that has locked rows and done nothing with them yet, then SIGCONT',
  needs: ['own'],
  async inject({ system, random }) {
    const victim = anyRunning(system, random, 'invalidation-relay');
    let asked = false;
    let frozen: number | undefined;
    const unwatch = system.own.links(victim.name).postgres.watch((chunk, direction) => {
      if (frozen !== undefined) return;
      if (direction === 'toServer') {
        asked ||= chunk.includes('for update skip locked');
        return;
      }
      const pid = victim.pid();
      if (asked && chunk.length >= SOME_ROWS_BYTES && pid !== undefined && isAlive(pid)) {
        process.kill(pid, 'SIGSTOP');
        frozen = pid;
      }
      asked = false;
    });
    return {
      async evidence() {
        await untilTrue(`${victim.name} has locked rows`, AT_THE_MOMENT_WITHIN_MS, async () => {
          return frozen !== undefined && (await kernelState(frozen)) === 'T';
        });
        const open = await withPostgres(system.postgres, async (client) => {
          const { rows } = await client.query<{ count: number }>(
            `select count(*)::int as count from pg_stat_activity where application_name = $1 and xact_start is not null`,
            [victim.name],
          );
          return rows[0]?.count ?? 0;
        });
        return `${victim.name} (pid ${frozen}) is in state T, with ${open} open transactions`;
      },
      async heal() {
        unwatch();
        if (frozen !== undefined && isAlive(frozen)) process.kill(frozen, 'SIGCONT');
      },
    };
  },
};
