import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runSeeds } from './fleet.ts';
import { makePlan } from './make-plan.ts';
import type { Plan } from './plan.ts';
import { narrate } from './report.ts';
import { runPlan } from './run.ts';

/** `pnpm simulate --count 20000` runs the rest, in CI. */
const SCHEDULES = 2_000;

test(`no promise is broken in ${SCHEDULES} schedules, and memory does answer`, {
  timeout: 300_000,
}, async () => {
  const { schedules, failures, layers } = await runSeeds({ from: 1, count: SCHEDULES });
  expect(failures).toEqual([]);
  expect(schedules).toBe(SCHEDULES);
  // A cache that turned itself off would keep every promise.
  expect(layers.l1).toBeGreaterThan(0.1 * (layers.l1 + layers.l2 + layers.origin));
});

test('a seed always runs the same way', async () => {
  const plan = makePlan(4_711);
  expect(await narrate(plan)).toBe(await narrate(plan));
});

describe('schedules that once broke a promise', () => {
  const folder = new URL('../regressions/', import.meta.url);
  test.each(readdirSync(folder))('%s', async (file) => {
    const plan = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Plan;
    expect((await runPlan(plan)).violations).toEqual([]);
  });
});
