import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { auditCost } from './audit-cost/audit-cost.ts';
import { commitToApplied } from './commit-to-applied/commit-to-applied.ts';
import { startGround } from './ground/ground.ts';
import { startItems } from './ground/items.ts';
import { hotRoute } from './hot-route/hot-route.ts';
import { memoryHit } from './memory-hit/memory-hit.ts';
import { readOptions } from './options.ts';
import { outboxCost } from './outbox-cost/outbox-cost.ts';
import { redisHit } from './redis-hit/redis-hit.ts';
import { table } from './report/table.ts';
import type { Result } from './result.ts';
import { tracingCost } from './tracing-cost/tracing-cost.ts';

const benchmarks = {
  'memory-hit': async () => await memoryHit(await items()),
  'redis-hit': async () => await redisHit(await items()),
  'hot-route': async () => await hotRoute(ground, await items()),
  'tracing-cost': async () => await tracingCost(ground, await items()),
  'outbox-cost': async () => await outboxCost(ground),
  'audit-cost': async () => await auditCost(ground),
  'commit-to-applied': async () => await commitToApplied(ground),
};

const { only, json } = readOptions(process.argv.slice(2), Object.keys(benchmarks));
const ground = await startGround();
let startedItems: ReturnType<typeof startItems> | undefined;
const items = () => (startedItems ??= startItems(ground));

const results: Result[] = [];
try {
  for (const [name, run] of Object.entries(benchmarks)) {
    if (only !== undefined && !only.includes(name)) continue;
    console.error(`${name} …`);
    results.push(...(await run()));
  }
} finally {
  await ground.stop();
}

const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
console.log(
  `\n${table(results)}\n\nNode ${machine.node}, ${machine.cores} × ${machine.cpu}. Trust the ratios.`,
);
if (json !== undefined) {
  // pnpm runs scripts in the package's folder; whoever typed the name meant their own.
  const file = resolve(process.env['INIT_CWD'] ?? '.', json);
  await writeFile(file, `${JSON.stringify({ at: new Date().toISOString(), machine, results }, null, 2)}\n`);
}
