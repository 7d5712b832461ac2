import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileOf, folder, textOf } from '../src/dashboards/files.ts';
import { dashboards } from '../src/dashboards/index.ts';
import { contract, metricOf } from './contract.ts';
import { metricsNamedIn, recordingRules } from './shipped-rules.ts';

test.for(dashboards)(
  '$uid.json is what its description says: `pnpm --filter @freshet/observability dashboards`',
  (dashboard) => {
    expect(readFileSync(fileOf(dashboard), 'utf8')).toBe(textOf(dashboard));
  },
);

test('no other dashboard lies beside them', () => {
  expect(readdirSync(folder).toSorted()).toEqual(dashboards.map(({ uid }) => `${uid}.json`).toSorted());
});

test.for(dashboards)('$uid asks only for what the system says', ({ rows, variables }) => {
  const known = new Set([...contract.keys(), ...recordingRules.map(({ record }) => record)]);
  const expressions = rows.flatMap(({ panels }) =>
    panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
  );
  const asked = [...expressions, ...variables.map(({ query }) => query)].flatMap(metricsNamedIn);
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !known.has(metricOf(name)))).toEqual([]);
});

test.for(dashboards)('each panel of $uid fills its row, and says what is normal', ({ rows }) => {
  for (const { panels } of rows) {
    expect(panels.reduce((sum, { width }) => sum + width, 0) % 24).toBe(0);
    for (const { about } of panels) expect(about).toMatch(/\.$/);
  }
});
