import type { Ground } from '../ground/ground.ts';
import type { ItemsSource } from '../ground/items.ts';
import { median, spread } from '../measure/statistics.ts';
import type { Result } from '../result.ts';
import { loadRoute, type Round } from './load-route.ts';

const rounds = 9;
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
  for (const process of [constant, cached]) await loadRoute(process);
  for (let round = 0; round < rounds; round++) {
    constantRounds.push(await loadRoute(constant));
    cachedRounds.push(await loadRoute(cached));
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
