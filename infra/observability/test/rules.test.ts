import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram } from '@freshet/local';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { unknownLabelsIn, unknownMetricsIn } from './contract.ts';
import { alertRules, fileNameOf, prometheusFolder, recordingRules, yamlFilesIn } from './shipped-rules.ts';

async function promtool(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(await requireProgram('promtool'), args);
  return `${stdout}${stderr}`;
}

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly unknown[];
    }[];
    readonly promql_expr_test?: readonly { readonly expr: string }[];
  }[];
}

const testFiles = yamlFilesIn('tests').map((file) => ({
  file,
  name: basename(file, '.yaml'),
  tests: (parse(readFileSync(file, 'utf8')) as RuleTests).tests,
}));

test('Prometheus accepts the configuration and the rules', async () => {
  const said = await promtool('check', 'config', `${prometheusFolder}prometheus.yml`);
  expect(said).toContain(`${yamlFilesIn('rules').length} rule files found`);
  expect(await promtool('check', 'rules', ...yamlFilesIn('rules'))).not.toContain('FAILED');
});

test.for(testFiles)('promtool says that $name does what its test says', async ({ file }) => {
  expect(await promtool('test', 'rules', file)).toContain('SUCCESS');
});

test.for(alertRules)('$alert is shown to fire, and not to fire', ({ alert }) => {
  const file = testFiles.find(({ name }) => name === fileNameOf(alert));
  const expectations = file?.tests.flatMap(({ alert_rule_test = [] }) =>
    alert_rule_test.map(({ exp_alerts }) => exp_alerts.length > 0),
  );
  expect(new Set(expectations)).toEqual(new Set([true, false]));
  const asked = file?.tests.flatMap(({ alert_rule_test = [] }) =>
    alert_rule_test.map(({ alertname }) => alertname),
  );
  expect(new Set(asked)).toEqual(new Set([alert]));
  // One whole scenario in which it keeps quiet, not only the time before it fires.
  const quiet = file?.tests.filter(({ alert_rule_test = [] }) =>
    alert_rule_test.every(({ exp_alerts }) => exp_alerts.length === 0),
  );
  expect(quiet?.length).toBeGreaterThan(0);
});

test('there is a test of every recorded series, and none of rules that are gone', () => {
  const asked = testFiles.flatMap(({ tests }) =>
    tests.flatMap(({ promql_expr_test = [] }) =>
      promql_expr_test.map(({ expr }) => expr.split('{')[0] ?? ''),
    ),
  );
  expect(new Set(asked)).toEqual(new Set(recordingRules.map(({ record }) => record)));
  const names = [...alertRules.map(({ alert }) => fileNameOf(alert)), 'recording'];
  expect(testFiles.map(({ name }) => name)).toEqual(names.toSorted());
});

test.for(alertRules)('$alert says who has to do what', ({ labels, annotations }) => {
  expect(['critical', 'warning']).toContain(labels.severity);
  expect(annotations.summary).toMatch(/^\S.*[^.]$/);
  expect(annotations.description).toMatch(/^\S.*\.$/);
});

test.for([...alertRules, ...recordingRules])('$expr asks only for what the system says', ({ expr }) => {
  expect(unknownMetricsIn(expr)).toEqual([]);
  expect(unknownLabelsIn(expr)).toEqual([]);
});
