import { readFileSync } from 'node:fs';
import { metricsNamedIn, recordingRules, root } from './shipped-rules.ts';

interface Metric {
  readonly type: string;
  /** With the values that each may have; none listed: names from the configuration. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** Every metric that a process exposes: the table of docs/telemetry.md, which a test holds to the code and to /metrics. */
const contract: ReadonlyMap<string, Metric> = new Map(
  readFileSync(`${root}docs/telemetry.md`, 'utf8')
    .split('\n')
    .map((line) => /^\| `(\w+)` \| [^|]+ \| (counter|gauge|histogram) \| ([^|]*) \|/.exec(line))
    .filter((row) => row !== null)
    .map(([, name = '', type = '', labels = '']) => [name, { type, labels: labelsIn(labels) }]),
);

/** Of a cell such as `layer`: `l1`, `l2`; `entity` */
function labelsIn(cell: string): Map<string, string[]> {
  return new Map(
    cell.split(';').map((label) => {
      const [name = '', ...values] = [...label.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
      return [name, values];
    }),
  );
}

/** What Prometheus itself adds, or a rule: Grafana's tables are about alerts, too. */
const everywhere = ['instance', 'job', 'le', 'alertname', 'alertstate', 'severity'];

/** The metric whose series this is: a histogram has three kinds of them. */
function metricOf(series: string): string {
  const metric = series.replace(/_(bucket|sum|count)$/, '');
  return contract.get(metric)?.type === 'histogram' ? metric : series;
}

/** What a text names that is no metric of any process, nor recorded by a rule. */
export function unknownMetricsIn(text: string): string[] {
  const recorded = recordingRules.map(({ record }) => record);
  return metricsNamedIn(text).filter((name) => !contract.has(metricOf(name)) && !recorded.includes(name));
}

/** Labels, and values of them, that an expression names and that none of its metrics can have. */
export function unknownLabelsIn(expr: string): string[] {
  // An alert has the labels of what it is about.
  const ofAll = [...contract.values()].flatMap((metric) => [...metric.labels]);
  const labels = new Map(/\bALERTS\b/.test(expr) ? ofAll : labelsOf(expr));
  const grouped = [...expr.matchAll(/\b(?:by|on|group_left) \(([^)]*)\)/g)].flatMap(
    ([, list = '']) => list.match(/\w+/g) ?? [],
  );
  const unknown = grouped.filter((label) => !labels.has(label) && !everywhere.includes(label));
  for (const [, label = '', text = ''] of expr.matchAll(/(\w+)\s*(?:=|!=|=~|!~)\s*"([^"]*)"/g)) {
    const allowed = labels.get(label);
    if (allowed === undefined && !everywhere.includes(label)) unknown.push(label);
    if (allowed === undefined || allowed.length === 0 || text.startsWith('$')) continue;
    unknown.push(...text.split('|').filter((value) => !allowed.includes(value)));
  }
  return unknown;
}

function labelsOf(expr: string): [string, readonly string[]][] {
  return metricsNamedIn(expr).flatMap((name) => {
    const rule = recordingRules.find(({ record }) => record === name);
    return rule === undefined ? [...(contract.get(metricOf(name))?.labels ?? [])] : labelsOf(rule.expr);
  });
}
