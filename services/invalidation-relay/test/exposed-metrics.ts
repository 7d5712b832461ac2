import type { FreshetProcess } from '@freshet/test-kit/system';

/** One line of `/metrics`. */
export interface Sample {
  /** Without a bucket's `le`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ExposedMetric {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

/** The metrics of a process, as Prometheus reads them: by name, a histogram's parts under its own. */
export async function exposed(process: FreshetProcess): Promise<Map<string, ExposedMetric>> {
  const { text } = await process.send('GET', '/metrics');
  const metrics = new Map<string, ExposedMetric>();
  let help = '';
  let current: ExposedMetric | undefined;
  for (const line of text.split('\n')) {
    const [, comment, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (comment === 'HELP') help = rest;
    if (comment === 'TYPE') {
      current = { type: rest, help, samples: [] };
      metrics.set(name, current);
    }
    const [, , labels = '', value] = /^\w+(\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (value !== undefined) current?.samples.push({ labels: labelsIn(labels), value: Number(value) });
  }
  return metrics;
}

function labelsIn(text: string): Record<string, string> {
  const labels = [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]);
  return Object.fromEntries(labels.filter(([label]) => label !== 'le'));
}
