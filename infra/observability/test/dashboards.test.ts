import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileOf, folder, textOf } from '../src/dashboards/files.ts';
import { dashboards } from '../src/dashboards/index.ts';
import { unknownLabelsIn, unknownMetricsIn } from './contract.ts';

test.for(dashboards)(
  '$uid: its JSON is what its description says (`pnpm --filter @freshet/observability dashboards`)',
  (dashboard) => {
    expect(readFileSync(fileOf(dashboard), 'utf8')).toBe(textOf(dashboard));
  },
);

test('no other dashboard lies beside them', () => {
  expect(readdirSync(folder).toSorted()).toEqual(dashboards.map(({ uid }) => `${uid}.json`).toSorted());
});

test.for(dashboards)('$uid asks only for what the system says', ({ rows, variables }) => {
  const queries = rows.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries));
  expect(queries.length).toBeGreaterThan(5);
  for (const { expr, legend } of queries) {
    expect(unknownMetricsIn(expr)).toEqual([]);
    expect(unknownLabelsIn(expr)).toEqual([]);
    // A label that was summed away is empty in the legend.
    const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
    expect(shown.filter((label) => kept.length > 0 && !kept.includes(label))).toEqual([]);
    expect(unknownLabelsIn(`${expr} by (${shown.join(', ')})`)).toEqual([]);
  }
  for (const { query } of variables) expect(unknownMetricsIn(query)).toEqual([]);
});

test.for(dashboards)('each panel of $uid fills its row, and says what is normal', ({ rows }) => {
  for (const { panels } of rows) {
    expect(panels.reduce((sum, { width }) => sum + width, 0) % 24).toBe(0);
    for (const { about } of panels) expect(about).toMatch(/\.$/);
  }
});
