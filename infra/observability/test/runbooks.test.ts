import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { unknownLabelsIn, unknownMetricsIn } from './contract.ts';
import { alertRules, fileNameOf, root } from './shipped-rules.ts';

const folder = `${root}docs/runbooks`;
const runbooks = readdirSync(folder).filter((file) => file !== 'README.md');
const textOf = (file: string): string => readFileSync(`${folder}/${file}`, 'utf8');

test('every alert has a runbook, and every runbook an alert', () => {
  expect(runbooks.toSorted()).toEqual(alertRules.map(({ alert }) => `${fileNameOf(alert)}.md`).toSorted());
  for (const { alert, annotations } of alertRules) {
    expect(annotations.runbook_url).toBe(`docs/runbooks/${fileNameOf(alert)}.md`);
  }
});

test('the list of runbooks names each alert with its severity', () => {
  const rows = [...textOf('README.md').matchAll(/^\| (\[\w+\]\(\S+\) \| \w+) \|/gm)].map(
    ([, row = '']) => row,
  );
  const wanted = alertRules.map(
    ({ alert, labels }) => `[${alert}](${fileNameOf(alert)}.md) | ${labels.severity}`,
  );
  expect(rows.toSorted()).toEqual(wanted.toSorted());
});

test.for(alertRules)('the runbook of $alert leads from the alert to the end of it', ({ alert, labels }) => {
  const text = textOf(`${fileNameOf(alert)}.md`);
  expect(text.startsWith(`# ${alert}\n\n**${labels.severity}.** `)).toBe(true);
  const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings.slice(0, 5)).toEqual([
    'What it means',
    'What readers see',
    'Find the cause',
    'Mend it',
    'When it is harmless',
  ]);
});

test.for([...runbooks, 'README.md', '../operations.md'])('%s names what exists', (file) => {
  const text = textOf(file);
  const alerts = alertRules.map(({ alert }) => alert);
  expect((text.match(/\bFreshet[A-Z]\w+/g) ?? []).filter((name) => !alerts.includes(name))).toEqual([]);
  expect(unknownMetricsIn(text)).toEqual([]);
  const code = [...text.matchAll(/`([^`\n]*freshet_[^`\n]*)`/g)].map(([, span = '']) => span);
  expect(code.flatMap(unknownLabelsIn)).toEqual([]);
  const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link = '']) => link);
  const base = new URL(file, `file://${folder}/`);
  const missing = links.filter((link) => !/^https?:/.test(link) && !existsSync(new URL(link, base)));
  expect(missing).toEqual([]);
});
