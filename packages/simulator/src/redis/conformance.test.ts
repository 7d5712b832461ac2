import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { operations, type Request } from './operations.test-helper.ts';
import { RealRedis } from './real-redis.test-helper.ts';
import { ServerPair, TimeUnknown } from './server-pair.test-helper.ts';

const SEQUENCES = 400;
// Replays a failure, whose report names its seed.
const { CONFORMANCE_SEED } = process.env;

/** Answers that random steps come by often enough: one that never came was compared with nothing. */
const ANSWERS = Object.entries({
  lease: ['granted', 'entry', 'lease', 'fence', 'READONLY'],
  fill: ['true', 'false'],
  refresh: ['true', 'false'],
  drop: ['absent', 'kept', 'fenced', 'dropped'],
  'clear-fence': ['true', 'false'],
  fence: ['answered', 'READONLY'],
  publish: ['absent', 'kept', 'fenced', 'dropped', 'published', 'lifted', 'shared'],
  append: ['answered', 'FRESHET_UNBLESSED', 'FRESHET_OTHER_BLESSING'],
  renew: ['ok', 'ok, no lease', 'reset', 'unblessed'],
  laggards: ['answered', 'FRESHET_UNBLESSED'],
  watermark: ['true', 'false'],
  bless: ['true', 'false'],
  restart: ['done'],
}).flatMap(([method, answers]) => answers.map((answer) => `${method}: ${answer}`));

let real: RealRedis;

beforeAll(async () => {
  real = await RealRedis.start();
});

const firstBlessing: Request = {
  ask: 'bless',
  step: 1,
  history: 'own',
  validFrom: 1,
  sinceNowMs: 0,
  appliedNo: '0',
  leaseMs: 2_000,
};

test('the memory server answers and holds what a real Redis does, whatever happens to both', async () => {
  const reached = new Set<string>();
  let unclear = 0;
  const blessed = fc.oneof(
    { weight: 9, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  );
  await fc.assert(
    fc.asyncProperty(blessed, operations, async (isBlessed, steps) => {
      try {
        const pair = await ServerPair.empty(real, (answer) => reached.add(answer));
        if (isBlessed) await pair.run(firstBlessing);
        for (const step of steps) await pair.run(step);
        await pair.finish();
      } catch (error) {
        if (!(error instanceof TimeUnknown)) throw error;
        unclear++;
      }
    }),
    { numRuns: SEQUENCES, unbiased: true, ...(CONFORMANCE_SEED && { seed: Number(CONFORMANCE_SEED) }) },
  );
  expect(unclear).toBeLessThan(SEQUENCES / 20);
  expect([...reached]).toEqual(expect.arrayContaining(ANSWERS));
});
