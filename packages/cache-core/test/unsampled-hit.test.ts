import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { disposeAtEnd } from '@freshet/test-kit';
import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import type { Cache } from '../src/index.ts';
import { leased, Shop } from './shop.ts';

setFlagsFromString('--expose-gc');
// Compiled when it is hot, not when a thread of the compiler's own has time.
setFlagsFromString('--no-concurrent-recompilation');
const collectGarbage = runInNewContext('gc') as () => void;

// Few enough that nothing is collected while they are counted, and over before a lease is.
const HITS = 2_000;
const ROUNDS = 5;
const WARM_UP = 100;

function hits(call: () => unknown): void {
  for (let hit = 0; hit < HITS; hit++) call();
}

/** Bytes of one call within `active`: the median of some rounds, each under a lease. */
async function bytesOf(cache: Cache, call: () => unknown, active: Context = ROOT_CONTEXT): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    collectGarbage();
    await leased(cache);
    const before = process.memoryUsage().heapUsed;
    context.with(active, hits, undefined, call);
    rounds.push((process.memoryUsage().heapUsed - before) / HITS);
  }
  return rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

function startTelemetry(): void {
  const provider = new TracerProvider({ sampler: new AlwaysOffSampler() });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  disposeAtEnd('telemetry', async () => {
    context.disable();
    trace.disable();
    await provider.shutdown();
  });
}

test('a hit in memory that is not sampled allocates nothing for telemetry', async () => {
  const shop = await Shop.open();
  const { cache, items } = await shop.replica();
  await shop.put('item', 'weir', 7);
  await items.get('weir');
  await leased(cache);
  const get = (): unknown => items.get('weir');
  const getAndAllocate = (): unknown => ({ hit: items.get('weir') });
  const hitsBefore = cache.stats()['item']?.l1Hits ?? 0;
  for (let round = 0; round < WARM_UP; round++) {
    await leased(cache);
    hits(get);
    hits(getAndAllocate);
  }
  const untraced = await bytesOf(cache, get);
  const more = await bytesOf(cache, getAndAllocate);
  startTelemetry();
  const span = trace.getTracer('test').startSpan('GET /items/:id');
  const traced = await bytesOf(cache, get, trace.setSpan(ROOT_CONTEXT, span));
  expect(traced - untraced).toBeLessThan(1);
  // It would have been seen.
  expect(more - untraced).toBeGreaterThanOrEqual(8);
  expect(cache.stats()['item']?.l1Hits).toBe(hitsBefore + (2 * WARM_UP + 3 * ROUNDS) * HITS);
});
