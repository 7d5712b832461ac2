import { readdir, readFile } from 'node:fs/promises';
import { databaseOf } from '@freshet/local/system';
import type pg from 'pg';
import { untilTrue } from '../until.ts';
import { type Fault, nothingToHeal } from './fault.ts';
import { connectPostgres, withPostgres } from './orders.ts';
import { anyRunning, isAlive, kernelState, sendSignal, untilDead } from './processes.ts';
import { repeat } from './repeated.ts';

const FELT_WITHIN_MS = 15_000;
const TERMINATE_EVERY_MS = 1_000;
const LOCKED_SHARE = 0.5;
/** What an operator's psql still gets: Postgres reserves it for superusers. */
const SLOTS_LEFT = 0;

const frozen: Fault = {
  name: 'postgres-frozen',
  about: 'SIGSTOP to Postgres and all of its backends, then SIGCONT',
  needs: ['processes'],
  async inject({ system, random }) {
    const postgres = anyRunning(system, random, 'postgres');
    const pid = sendSignal(postgres, 'SIGSTOP');
    const pids = [pid, ...(await childrenOf(pid))];
    for (const one of pids) if (isAlive(one)) process.kill(one, 'SIGSTOP');
    return {
      async evidence() {
        await untilTrue(
          'Postgres stands still',
          FELT_WITHIN_MS,
          async () => (await kernelState(pid)) === 'T',
        );
        return `${pids.length} processes of Postgres are in state T`;
      },
      async heal() {
        for (const one of pids) if (isAlive(one)) process.kill(one, 'SIGCONT');
      },
    };
  },
};

async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // After the name, which stands in parentheses: state, parent.
    const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(ppid) === parent) children.push(Number(name));
  }
  return children;
}

const restarted: Fault = {
  name: 'postgres-restarted',
  about: 'fast shutdown of Postgres (SIGINT): all clients are thrown out; then it starts again',
  needs: ['processes'],
  momentary: true,
  async inject({ system, random }) {
    const postgres = anyRunning(system, random, 'postgres');
    const pid = sendSignal(postgres, 'SIGINT');
    return {
      async evidence() {
        await untilDead(postgres.name, pid, FELT_WITHIN_MS);
        return `postgres (pid ${pid}) shut down`;
      },
      heal: nothingToHeal,
    };
  },
};

const backendsTerminated: Fault = {
  name: 'postgres-backends-terminated',
  about: `pg_terminate_backend of every client, again every ${TERMINATE_EVERY_MS / 1_000} s`,
  needs: ['processes'],
  async inject({ system }) {
    let terminated = 0;
    const terminating = repeat(TERMINATE_EVERY_MS, async () => {
      terminated += await withPostgres(system.postgres, async (client) => {
        const { rows } = await client.query<{ count: number }>(
          `select count(*) filter (where pg_terminate_backend(pid))::int as count from pg_stat_activity
            where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name <> 'chaos'`,
        );
        return rows[0]?.count ?? 0;
      });
    });
    return {
      async evidence() {
        await untilTrue('backends are terminated', FELT_WITHIN_MS, () => terminated > 0);
        return `${terminated} backends were terminated so far`;
      },
      heal: () => terminating.stop(),
    };
  },
};

const TABLES = [
  ['user', 'users'],
  ['inventory', 'products'],
  ['inventory', 'stock'],
] as const;

const locksPileUp: Fault = {
  name: 'locks-pile-up',
  about: 'a transaction holds the locks of half of all rows for the whole window',
  needs: ['processes'],
  async inject({ system }) {
    const clients = new Map<string, pg.Client>();
    const heal = async () => {
      for (const client of clients.values()) await client.end().catch(() => {});
    };
    try {
      for (const [domain, table] of TABLES) {
        const client = clients.get(domain) ?? (await connectPostgres(system.target.databases[domain]));
        if (!clients.has(domain)) await client.query('begin');
        clients.set(domain, client);
        await client.query(
          `select from ${table} tablesample bernoulli (${LOCKED_SHARE * 100}) for update skip locked`,
        );
      }
    } catch (error) {
      await heal();
      throw error;
    }
    return {
      async evidence() {
        let waiting = 0;
        await untilTrue('somebody waits for a lock', FELT_WITHIN_MS, async () => {
          waiting = await withPostgres(system.postgres, async (client) => {
            const { rows } = await client.query<{ count: number }>(
              `select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock'`,
            );
            return rows[0]?.count ?? 0;
          });
          return waiting > 0;
        });
        return `${waiting} backends wait for a lock`;
      },
      heal,
    };
  },
};

const slotsUsedUp: Fault = {
  name: 'postgres-slots-used-up',
  about:
    'all connection slots are taken, and those of the services are terminated so that they need new ones',
  needs: ['processes'],
  async inject({ system }) {
    const taken: pg.Client[] = [];
    let refused = '';
    const heal = async () => {
      await Promise.all(taken.map((client) => client.end().catch(() => {})));
    };
    try {
      await withPostgres(system.postgres, async (client) => {
        // Ours come first: as soon as one of theirs is gone, its slot is taken.
        const { rows } = await client.query<{ role: string }>('select current_user as role');
        if (rows[0] === undefined) throw new Error('Postgres does not say who we are.');
        await takeAll(system.postgres, taken);
        await client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where backend_type = 'client backend' and datname = any($1) and application_name <> 'chaos'`,
          [['user', 'inventory'].map((domain) => databaseOf(domain === 'user' ? 'user' : 'inventory'))],
        );
        refused = await takeAll(system.postgres, taken);
      });
    } catch (error) {
      await heal();
      throw error;
    }
    return {
      async evidence() {
        if (refused === '') throw new Error('Postgres refused no connection.');
        return `${taken.length} slots taken; the next one: ${refused}`;
      },
      heal,
    };
  },
};

/** Takes slots until Postgres refuses one more, and says why it does. */
async function takeAll(url: string, taken: pg.Client[]): Promise<string> {
  const MOST = 500;
  for (let count = SLOTS_LEFT; count < MOST; count++) {
    try {
      taken.push(await connectPostgres(url));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  throw new Error(`Postgres has more than ${MOST} slots.`);
}

/** What happens to the origin on its own side. */
export const postgresFaults: readonly Fault[] = [
  frozen,
  restarted,
  backendsTerminated,
  locksPileUp,
  slotsUsedUp,
];
