import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ground, Listening } from '../ground/ground.ts';
import type { ItemsSource } from '../ground/items.ts';
import { loadRoute, type Round } from '../hot-route/load-route.ts';
import { median, spread } from '../measure/statistics.ts';
import type { Result, Target } from '../result.ts';

const rounds = 9;

interface Contender {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly target?: Target;
}

const untraced: Contender = { name: 'no tracing', env: {} };
const traced: readonly Contender[] = [
  { ...sampled('1 %', '0.01'), target: { atMost: 1.3 } },
  sampled('100 %', '1'),
];

function sampled(share: string, ratio: string): Contender {
  const env = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: ratio };
  return { name: `traced, ${share} sampled`, env };
}

/**
 * The route of `hot-route`, every read an L1 hit, with and without tracing: each in a process of its own, one loaded after
 * the other. The spans go to a collector in this process, which reads none of them.
 */
export async function tracingCost(ground: Ground, source: ItemsSource): Promise<Result[]> {
  const collector = createServer((request, response) => {
    request.resume().once('end', () => response.end());
  });
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  const { port } = collector.address() as AddressInfo;
  const start = ({ name, env }: Contender) =>
    ground.startProgram(new URL('../hot-route/route-process.ts', import.meta.url), name, {
      REDIS_CACHE_URL: source.redisUrl,
      DATABASE_URL: source.databaseUrl,
      ...env,
      ...(env !== untraced.env && { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }),
    });
  try {
    const baseline = await start(untraced);
    const others: Listening[] = [];
    for (const contender of traced) others.push(await start(contender));
    const measured = await takeTurns([baseline, ...others]);
    const cpuOf = (index: number): number[] => (measured[index] ?? []).map(({ cpuUs }) => cpuUs);
    return traced.map(({ name, target }, index) => ({
      kind: 'comparison' as const,
      what: `hot route, ${name}: CPU of a request`,
      against: untraced.name,
      unit: 'µs',
      measured: median(cpuOf(index + 1)),
      baseline: median(cpuOf(0)),
      ratio: spread(cpuOf(index + 1).map((us, round) => us / (cpuOf(0)[round] ?? Number.NaN))),
      discarded: 0,
      ...(target !== undefined && { target }),
    }));
  } finally {
    collector.closeAllConnections();
    collector.close();
  }
}

async function takeTurns(processes: readonly Listening[]): Promise<Round[][]> {
  const measured: Round[][] = processes.map(() => []);
  for (const process of processes) await loadRoute(process);
  for (let round = 0; round < rounds; round++)
    for (const [index, process] of processes.entries()) measured[index]?.push(await loadRoute(process));
  return measured;
}
