import { type Comparison, type Latency, type Result, type Share, type Target, verdict } from '../result.ts';

/** The results as text for a terminal. */
export function table(results: readonly Result[]): string {
  const comparisons = results.filter((result) => result.kind === 'comparison');
  const latencies = results.filter((result) => result.kind === 'latency');
  const parts: string[] = [];
  if (comparisons.length > 0) parts.push(aligned([comparisonHead, ...comparisons.map(comparisonRow)]));
  if (latencies.length > 0) parts.push(aligned([latencyHead, ...latencies.map(latencyRow)]));
  const shares = results.filter((result) => result.kind === 'share');
  if (shares.length > 0) parts.push(aligned([shareHead, ...shares.map(shareRow)]));
  return parts.join('\n\n');
}

const comparisonHead = [
  '',
  'measured',
  'against',
  '',
  'ratio',
  'min … max',
  'target',
  'verdict',
  'discarded',
];

function comparisonRow(result: Comparison): string[] {
  const { what, against, unit, measured, baseline, ratio, target, discarded } = result;
  return [
    what,
    `${short(measured)} ${unit}`,
    against,
    `${short(baseline)} ${unit}`,
    ratio.median.toFixed(2),
    `${ratio.min.toFixed(2)} … ${ratio.max.toFixed(2)}`,
    target === undefined ? '' : written(target),
    verdict(result),
    discarded === 0 ? '' : String(discarded),
  ];
}

const latencyHead = ['', 'p50', 'p99', 'max', 'samples', 'discarded'];

function latencyRow({ what, p50, p99, max, samples, discarded }: Latency): string[] {
  return [what, ...[p50, p99, max].map((ms) => `${short(ms)} ms`), String(samples), String(discarded)];
}

const shareHead = ['', 'of a core', 'min … max', 'target', 'verdict'];

function shareRow(result: Share): string[] {
  const { what, share, target } = result;
  const bound = target?.atMost === undefined ? '' : `≤ ${percent(target.atMost)}`;
  const ends = `${percent(share.min)} … ${percent(share.max)}`;
  return [what, percent(share.median), ends, bound, verdict(result)];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function written({ atMost, atLeast }: Target): string {
  return [
    atMost === undefined ? '' : `≤ ${round(atMost)}`,
    atLeast === undefined ? '' : `≥ ${round(atLeast)}`,
  ].join('');
}

function round(target: number): number {
  return Math.round(target * 100) / 100;
}

/** Three digits that count. */
function short(value: number): string {
  if (value >= 1_000) return String(Math.round(value));
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
