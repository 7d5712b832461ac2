import type { InvariantId, Shortfall } from '../contract.ts';
import { type FaultRow, faultRows } from './fault-row.ts';
import { invariants } from './invariants.ts';
import { nameOf, PEACE } from './run-name.ts';
import type { Batch, StoredReport } from './stored-report.ts';

export interface DocumentParts {
  readonly report: StoredReport;
  /** Written by hand. */
  readonly findings: string;
  /** What each fault does, by its name. */
  readonly about: ReadonlyMap<string, string>;
  /** Files, by the name of the fault, as this document refers to them. */
  readonly charts: ReadonlyMap<string, string>;
}

const ids = Object.keys(invariants) as InvariantId[];
const number = new Intl.NumberFormat('en');

/** `chaos-report.md`: Markdown, whole. */
export function documentOf({ report, findings, about, charts }: DocumentParts): string {
  const rows = faultRows(report.matrix?.runs ?? []);
  return [
    '# Chaos report',
    'The whole system, real processes on real Redis and Postgres behind the gateway, is beaten while clients read and write. A checker that shares no code with it reads what those clients saw, and nothing else, and judges it afterwards. [How it works](../packages/chaos/README.md).',
    'Written by `pnpm chaos --report docs`. Do not edit: what people have to say stands in `packages/chaos/findings.md`.',
    ...(report.matrix === null
      ? []
      : [
          score(report.matrix, rows),
          ...shortfallsOf(report.matrix),
          faultTable(rows, about),
          matrixTable(rows),
        ]),
    ...(report.mutants === null ? [] : [mutantTable(report.mutants)]),
    findings.trim(),
    ...(charts.size === 0 ? [] : [chartList(rows, charts)]),
  ]
    .join('\n\n')
    .concat('\n');
}

function score(batch: Batch, rows: readonly FaultRow[]): string {
  const sum = (count: (row: FaultRow) => number): string =>
    number.format(rows.reduce((total, row) => total + count(row), 0));
  const seeds = [...new Set(batch.runs.map(({ seed }) => seed))].toSorted((one, other) => one - other);
  return table(
    ['', ''],
    [
      ['operations checked', `**${sum(({ operations }) => operations)}**`],
      ['operations sent', sum(({ sent }) => sent)],
      ['violations', `**${sum(violationsOf)}**`],
      [
        'faults',
        `${rows.filter((row) => !row.isPair && row.name !== PEACE).length}, and ${rows.filter(({ isPair }) => isPair).length} pairs at once`,
      ],
      [
        'worst staleness seen',
        `${number.format(Math.max(0, ...rows.map(({ stalenessMs }) => Math.ceil(stalenessMs))))} ms, of 2,000 that are promised`,
      ],
      [
        'runs, seeds',
        `${batch.runs.length}; ${seeds.length > 8 ? `${seeds[0]} to ${seeds.at(-1)}` : seeds.join(', ')}`,
      ],
      ['machine', batch.machine],
      ['when', batch.at.slice(0, 10)],
    ],
  );
}

function shortfallsOf({ inconclusive = [], impossible = [] }: Batch): string[] {
  const lines = (title: string, of: readonly Shortfall[]): string[] =>
    of.length === 0 ? [] : [title, of.map(({ name, why }) => `- \`${name}\`: ${why}`).join('\n')];
  return [
    ...lines('Showed nothing, although they were run:', inconclusive),
    ...lines('Not possible on this machine, and therefore not run:', impossible),
  ];
}

function violationsOf({ cells }: FaultRow): number {
  return [...cells.values()].reduce((total, { violations }) => total + violations, 0);
}

function faultTable(rows: readonly FaultRow[], about: ReadonlyMap<string, string>): string {
  const body = rows.map((row) => [
    `\`${row.name}\``,
    about.get(row.name) ?? (row.name === PEACE ? 'nothing is done to it' : ''),
    number.format(row.operations),
    number.format(row.failed + row.unknown),
    `${number.format(Math.ceil(row.stalenessMs))} ms`,
    row.l1Share === null ? '–' : `${row.l1Share.toFixed(0)} %`,
    row.recoveryMs === null ? '–' : `${(row.recoveryMs / 1_000).toFixed(1)} s`,
  ]);
  return [
    '## The faults',
    'Not answered well: it failed, or nobody knows what came of it; refusals such as "not enough units" are answers. Staleness: for how long the most stale answer had been overwritten. L1: the least share of reads that memory answered on any replica, before or after the fault. Recovered: from when the fault was taken back until every process was ready, and memory answered on every replica.',
    table(['fault', '', 'operations', 'not answered well', 'worst staleness', 'L1', 'recovered in'], body, 2),
  ].join('\n\n');
}

function matrixTable(rows: readonly FaultRow[]): string {
  const body = rows.map((row) => [`\`${row.name}\``, ...ids.map((id) => cellText(row, id))]);
  const meaning = ids.map((id) => `- **${invariants[id].short}** (\`${id}\`): ${invariants[id].about}.`);
  return [
    '## Fault × invariant',
    'How much of it was judged under each fault; violations, if there are, in bold. `–`: there was nothing to judge. Not seen: it should have been judged and could not be, such as a memory that did not answer a key.',
    table(['', ...ids.map((id) => invariants[id].short)], body, 1),
    meaning.join('\n'),
    ...excuses(rows),
  ].join('\n\n');
}

function cellText({ cells }: FaultRow, id: InvariantId): string {
  const cell = cells.get(id);
  if (cell === undefined || (cell.checked === 0 && cell.violations === 0)) return '–';
  const counts = { excused: sumOf(cell.exempted), 'not seen': cell.unseen };
  const said = Object.entries(counts).filter(([, count]) => count > 0);
  const excused =
    said.length === 0
      ? ''
      : ` (${said.map(([what, count]) => `${number.format(count)} ${what}`).join(', ')})`;
  if (cell.violations > 0)
    return `**${number.format(cell.violations)} of ${number.format(cell.checked)}**${excused}`;
  return `${number.format(cell.checked)}${excused}`;
}

function excuses(rows: readonly FaultRow[]): string[] {
  const names = rows.flatMap(({ cells }) =>
    [...cells.values()].flatMap(({ exempted }) => Object.keys(exempted)),
  );
  return names.length === 0
    ? []
    : ['Excused, by name:', [...new Set(names)].map((name) => `- ${name}`).join('\n')];
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function mutantTable({ runs, at }: Batch): string {
  // The last run of a hunt is the one that says how it went.
  const last = [...Map.groupBy(runs, ({ mutant }) => mutant?.name).values()].flatMap((hunt) =>
    hunt.slice(-1),
  );
  const body = last.map((run) => [
    `\`${run.mutant?.name}\``,
    `\`${nameOf(run)}\``,
    run.mutant?.foundAfterSeconds == null ? '**not found**' : `${run.mutant.foundAfterSeconds.toFixed(0)} s`,
    run.invariants
      .filter(({ violationCount }) => violationCount > 0)
      .map(({ id }) => `\`${id}\``)
      .join(', '),
  ]);
  return [
    '## Planted bugs',
    `The same with one safeguard left out of the system (${at.slice(0, 10)}): a checker that finds nothing is worth nothing.`,
    table(['left out', 'under', 'found after', 'by'], body, 2),
  ].join('\n\n');
}

function chartList(rows: readonly FaultRow[], charts: ReadonlyMap<string, string>): string {
  const drawn = rows.flatMap(({ name }) => {
    const file = charts.get(name);
    return file === undefined
      ? []
      : [
          `<details><summary>${name}</summary>\n\n![Latency, hit ratio, staleness and errors under ${name}](${file})\n\n</details>`,
        ];
  });
  return ['## Over time', 'Shaded: the fault.', ...drawn].join('\n\n');
}

/** The first `left` columns hold words, the others figures. */
function table(head: readonly string[], body: readonly (readonly string[])[], left = head.length): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, index) => (index < left ? '---' : '---:'));
  return [line(head), line(rule), ...body.map(line)].join('\n');
}
