// `pnpm --filter @freshet/observability prometheus`: the rules of this folder over the system that `npm start` runs.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Target } from './prometheus/configuration.ts';
import { startPrometheus } from './prometheus/start-prometheus.ts';

const { values } = parseArgs({
  options: {
    system: { type: 'string', default: new URL('../../../.freshet/system.json', import.meta.url).pathname },
    port: { type: 'string', default: '9090' },
  },
});
const { processes } = JSON.parse(readFileSync(values.system, 'utf8')) as { processes: readonly Target[] };
const prometheus = await startPrometheus({ targets: processes, port: Number(values.port) });
console.log(`Prometheus: ${prometheus.url}/alerts (Ctrl-C ends it)`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void prometheus.stop());
await prometheus.exited;
