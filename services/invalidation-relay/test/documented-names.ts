import { readFileSync } from 'node:fs';

const documentation = readFileSync(new URL('../../../docs/telemetry.md', import.meta.url), 'utf8');

/** The names in the first column of the table of docs/telemetry.md with this heading, whose second column says `of`, if given. */
export function documentedNames(heading: string, of?: string): string[] {
  const [, table = ''] = documentation.split(`\n| ${heading} |`);
  const [rows = ''] = table.split('\n\n');
  return rows
    .split('\n')
    .map((row) => /^\| `([^`]+)` \| ([^|]*) \|/.exec(row))
    .filter((row) => row !== null && (of === undefined || row[2] === of))
    .map((row) => row?.[1] ?? '')
    .toSorted();
}
