import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { applyMutant, fileOf } from './apply.ts';
import { type Mutant, mutants } from './mutants.ts';

const DESIGN = readFileSync(new URL('../../../cache-core/DESIGN.md', import.meta.url), 'utf8');

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
  '%s still leaves something out',
  (_, mutant) => {
    const source = readFileSync(fileOf(mutant), 'utf8');
    expect(applyMutant(mutant, source)).not.toBe(source);
  },
);

test('each mutant has a name of its own', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test('a mutant that a test is to notice names one that is there', () => {
  const regressions = readdirSync(new URL('../../regressions/', import.meta.url));
  const isThere = ({ file, title }: NonNullable<Mutant['test']>): boolean => {
    if (regressions.includes(`${title}.json`)) return true;
    // `test.each` puts what differs behind 'when'.
    const [beginning = title] = title.split(' when ');
    return readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8').includes(beginning);
  };
  expect(mutants.filter((mutant) => mutant.test !== undefined && !isThere(mutant.test))).toEqual([]);
});

test('the design names mutants of each guarantee, and all guarantees that mutants are of', () => {
  const rows = [...DESIGN.matchAll(/^\| (G\d+) \|.*\| (.*) \|$/gm)].map(([, guarantee = '', cell = '']) => ({
    guarantee,
    named: [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  }));
  expect(rows.filter(({ named }) => named.length === 0)).toEqual([]);
  const unknown = rows.flatMap(({ guarantee, named }) =>
    named.filter((name) => !mutants.some((one) => one.name === name && one.guarantee === guarantee)),
  );
  expect(unknown).toEqual([]);
  expect(new Set(rows.map(({ guarantee }) => guarantee))).toEqual(
    new Set(mutants.map(({ guarantee }) => guarantee)),
  );
});
