import { expect, test } from 'vitest';
import { faults } from '../faults/index.ts';
import { needsSentinel, planRuns } from './plan.ts';

const nothingChosen = { faults: [], pairs: 0, seed: 7, ci: false };

test('without a choice: peace, and every fault alone', () => {
  const runs = planRuns(nothingChosen);
  expect(runs.map((run) => run.faults.map(({ name }) => name))).toEqual([
    [],
    ...faults.map(({ name }) => [name]),
  ]);
});

test('there are at least 24 faults, each with a name of its own', () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  expect(faults.length).toBeGreaterThanOrEqual(24);
});

test('pairs follow from the seed, and both can be done to one system', () => {
  const pairs = planRuns({ ...nothingChosen, pairs: 200 }).slice(1 + faults.length);
  expect(pairs).toHaveLength(200);
  expect(planRuns({ ...nothingChosen, pairs: 200 }).slice(1 + faults.length)).toEqual(pairs);
  expect(planRuns({ ...nothingChosen, seed: 8, pairs: 200 }).slice(1 + faults.length)).not.toEqual(pairs);
  for (const { faults: pair } of pairs) {
    expect(new Set(pair).size).toBe(2);
    const lone = pair.some(({ needs }) => needs.includes('lone-redis'));
    expect(lone && needsSentinel(pair)).toBe(false);
  }
});

test('a fault that nobody knows is refused', () => {
  expect(() => planRuns({ ...nothingChosen, faults: ['earthquake'] })).toThrow(
    "There is no fault 'earthquake'",
  );
});
