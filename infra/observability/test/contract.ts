import { readFileSync } from 'node:fs';
import { root } from './shipped-rules.ts';

/** Every metric that a process exposes, with its type: the table of docs/telemetry.md, which a test holds to /metrics. */
export const contract: ReadonlyMap<string, string> = new Map(
  [
    ...readFileSync(`${root}docs/telemetry.md`, 'utf8').matchAll(/^\| `(freshet_\w+)` \| \w+ \| (\w+) \|/gm),
  ].map(([, name = '', type = '']) => [name, type]),
);

/** The metric whose series this is: a histogram has three kinds of them. */
export function metricOf(series: string): string {
  const metric = series.replace(/_(bucket|sum|count)$/, '');
  return contract.get(metric) === 'histogram' ? metric : series;
}
