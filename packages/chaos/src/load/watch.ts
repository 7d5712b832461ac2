import { readFile, readdir } from 'node:fs/promises';
import { Redis } from 'ioredis';
import type { HistoryWriter, LevelProbe, Target, TargetProcess, Watch } from '../contract.ts';
import { Pace } from './pace.ts';
import { Sql } from './sql.ts';

const LOOK_EVERY_MS = 250;
const ANSWER_WITHIN_MS = 1_000;

/** Asks every process, and the gateway, again and again whether it is ready. */
export function startWatch(target: Target, history: HistoryWriter): Watch {
  const pace = new Pace();
  const watched = ['gateway', ...processesOf(target).map(({ name }) => name)];
  for (const process of watched) {
    pace.repeat(LOOK_EVERY_MS, async () => {
      const url =
        process === 'gateway'
          ? target.gateway
          : processesOf(target).find(({ name }) => name === process)?.url;
      const ready = url !== undefined && (await isReady(url));
      history.append({ t: 'probe', what: 'ready', at: performance.now(), process, ready });
    });
  }
  return { stop: () => pace.stop() };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** By process, with its pid, and measure: the level before the first run that it was in. */
export type FirstLevels = Map<string, number>;

/**
 * Writes down how much memory, how many connections and how many timers every process has; and before a run, what it had before
 * its first one, so that what grows a little in each run shows too.
 */
export async function probeLevels(
  target: Target,
  history: HistoryWriter,
  when: 'before' | 'after',
  firstLevels: FirstLevels,
): Promise<void> {
  const pids = new Map(processesOf(target).map(({ name, pid }) => [name, pid]));
  const append = (process: string, measure: LevelProbe['measure'], value: number | undefined): void => {
    if (value === undefined || !Number.isFinite(value)) return;
    const level = { t: 'probe', what: 'level', at: performance.now(), process, measure } as const;
    history.append({ ...level, when, value });
    const name = `${process} ${pids.get(process) ?? ''} ${measure}`;
    const first = firstLevels.get(name);
    if (when === 'before' && first === undefined) firstLevels.set(name, value);
    // Of a process that was started since, there is none.
    if (when === 'after' && first !== undefined) history.append({ ...level, when: 'first', value: first });
  };
  for (const process of processesOf(target)) {
    const metrics = await metricsOf(process);
    append(
      process.name,
      'memory',
      // What the kernel says now; the metric is as old as the process's last look.
      (await residentBytes(process)) ?? metrics.get('process_resident_memory_bytes'),
    );
    append(process.name, 'connections', await openFiles(process));
    append(process.name, 'timers', metrics.get('nodejs_active_resources{type="Timeout"}'));
  }
  append('redis-cache', 'connections', await redisConnections(target.redisCache));
  append('postgres', 'connections', await postgresConnections(target));
}

function processesOf({ replicas, relays }: Target): readonly TargetProcess[] {
  return [...replicas, ...relays];
}

/** By name with labels, as they stand there. */
async function metricsOf({ url }: TargetProcess): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10 * ANSWER_WITHIN_MS) });
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name = '', value] = /^(\w+(?:\{.*\})?) ([^ ]+)/.exec(line) ?? [];
      return [name, Number(value)];
    }),
  );
}

/** undefined: not on this machine. */
async function residentBytes({ pid }: TargetProcess): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
}

/** Sockets are most of them. */
async function openFiles({ pid }: TargetProcess): Promise<number | undefined> {
  return (await readdir(`/proc/${pid}/fd`).catch(() => undefined))?.length;
}

async function redisConnections(url: string): Promise<number> {
  const redis = new Redis(url);
  try {
    return Number(/^connected_clients:(\d+)/m.exec(await redis.info('clients'))?.[1]);
  } finally {
    redis.disconnect();
  }
}

async function postgresConnections(target: Target): Promise<number> {
  const sql = new Sql(target);
  try {
    const { rows } = await sql.run(
      'user',
      "select count(*)::int as count from pg_stat_activity where backend_type = 'client backend'",
      [],
    );
    return Number(rows[0]?.['count']);
  } finally {
    await sql.close();
  }
}
