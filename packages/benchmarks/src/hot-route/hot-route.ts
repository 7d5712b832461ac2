import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Ground, Listening } from '../ground/ground.ts';
import { type ItemsSource, itemIds } from '../ground/items.ts';
import { median, spread } from '../measure/statistics.ts';
import type { Result } from '../result.ts';

const rounds = 9;
const seconds = 2;
const connections = 16;

interface Round {
  readonly perSecond: number;
  /** Of the process that answers, for one request; user and system. */
  readonly cpuUs: number;
}

/**
 * A route that reads through the cache, every read an L1 hit, against the same route with the same answer as a
 * constant: each in a process of its own, one loaded after the other by a third.
 */
export async function hotRoute(ground: Ground, source: ItemsSource): Promise<Result[]> {
  const start = (answer: 'cached' | 'constant') =>
    ground.startProgram(new URL('./route-process.ts', import.meta.url), `bench-${answer}`, {
      REDIS_CACHE_URL: source.redisUrl,
      DATABASE_URL: source.databaseUrl,
      BENCH_ANSWER: answer,
    });
  const cached = await start('cached');
  const constant = await start('constant');
  const cachedRounds: Round[] = [];
  const constantRounds: Round[] = [];
  for (const process of [constant, cached]) await load(process, 'l1');
  for (let round = 0; round < rounds; round++) {
    constantRounds.push(await load(constant, 'l1'));
    cachedRounds.push(await load(cached, 'l1'));
  }
  const compare = (what: string, unit: 'req/s' | 'µs', figure: (round: Round) => number) => ({
    kind: 'comparison' as const,
    what,
    against: 'constant answer',
    unit,
    measured: median(cachedRounds.map(figure)),
    baseline: median(constantRounds.map(figure)),
    ratio: spread(
      cachedRounds.map((round, index) => {
        const other = constantRounds[index];
        return other === undefined ? Number.NaN : figure(round) / figure(other);
      }),
    ),
    discarded: 0,
  });
  return [
    { ...compare('hot route', 'req/s', ({ perSecond }) => perSecond), target: { atLeast: 0.8 } },
    compare('hot route: CPU of a request', 'µs', ({ cpuUs }) => cpuUs),
  ];
}

async function load({ name, url }: Listening, layer: string): Promise<Round> {
  const item = `${url}/items/${itemIds[0]}`;
  await assertAnsweredBy(item, layer);
  const cpuBefore = await usedCpuUs(url);
  const { requests, duration, non2xx, errors, timeouts } = await autocannon(item);
  const cpu = (await usedCpuUs(url)) - cpuBefore;
  if (non2xx + errors + timeouts > 0) throw new Error(`${name} did not answer every request.`);
  await assertAnsweredBy(item, layer);
  return { perSecond: requests.total / duration, cpuUs: cpu / requests.total };
}

async function assertAnsweredBy(item: string, layer: string): Promise<void> {
  const response = await fetch(item);
  await response.arrayBuffer();
  const status = response.headers.get('cache-status') ?? '';
  if (!status.includes(`detail=${layer}`)) throw new Error(`The route answers with Cache-Status: ${status}`);
}

async function usedCpuUs(url: string): Promise<number> {
  const response = await fetch(`${url}/cpu-usage`);
  const { user, system } = (await response.json()) as NodeJS.CpuUsage;
  return user + system;
}

interface Load {
  /** Seconds. */
  readonly duration: number;
  readonly requests: { readonly total: number };
  readonly non2xx: number;
  readonly errors: number;
  readonly timeouts: number;
}

/** Another process makes the requests, so that they cost the one that answers nothing. */
async function autocannon(url: string): Promise<Load> {
  const program = fileURLToPath(import.meta.resolve('autocannon'));
  const args = [program, '--json', '--connections', String(connections), '--duration', String(seconds), url];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Load;
}
