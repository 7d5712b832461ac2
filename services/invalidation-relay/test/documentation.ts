import { readFileSync } from 'node:fs';
import type { Metric } from '@freshet/cache-core/telemetry';

const text = readFileSync(new URL('../../../docs/telemetry.md', import.meta.url), 'utf8');

/** The table of docs/telemetry.md whose first column has this heading, and what stands before and after it. */
export function documentation(heading: string): { before: string; table: string; after: string } {
  const start = text.indexOf(`\n| ${heading} |`) + 1;
  if (start === 0) throw new Error(`docs/telemetry.md has no table of ${heading}.`);
  const end = text.indexOf('\n\n', start);
  const after = end === -1 ? text.trimEnd().length : end;
  return { before: text.slice(0, start), table: text.slice(start, after), after: text.slice(after) };
}

/** The names in the first column of that table. */
export function documentedNames(heading: string): string[] {
  return [...documentation(heading).table.matchAll(/^\| `([^`]+)` \|/gm)]
    .map(([, name = '']) => name)
    .toSorted();
}

/** The metrics as a table, by who publishes them. */
export function metricsTable(contract: Readonly<Record<string, readonly Metric[]>>): string {
  const rows = Object.entries(contract).flatMap(([of, metrics]) =>
    metrics.map(({ name, type, labels, help }) => [`\`${name}\``, of, type, labelsOf(labels), help]),
  );
  const lines = [
    ['metric', 'of', 'type', 'labels', 'what it says'],
    Array.from({ length: 5 }, () => '---'),
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function labelsOf(labels: Metric['labels']): string {
  return Object.entries(labels)
    .map(([label, values]) =>
      values === null ? `\`${label}\`` : `\`${label}\`: ${values.map((value) => `\`${value}\``).join(', ')}`,
    )
    .join('; ');
}
