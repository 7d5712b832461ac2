import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { applyMutant, fileOf } from './apply.ts';
import { mutants } from './mutants.ts';

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
  for (const { name, test: noticed } of mutants) {
    if (noticed === undefined || regressions.includes(`${noticed.title}.json`)) continue;
    // `test.each` puts what differs behind %s.
    const source = readFileSync(new URL(`../../../../${noticed.file}`, import.meta.url), 'utf8');
    const [beginning] = noticed.title.split(' when ');
    expect(source, name).toContain(beginning);
  }
});

test('the design names mutants of each guarantee, and all guarantees that mutants are of', () => {
  const rows = [...DESIGN.matchAll(/^\| (G\d+) \|.*\| (.*) \|$/gm)].map(([, guarantee = '', cell = '']) => ({
    guarantee,
    named: [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  }));
  for (const { guarantee, named } of rows) {
    const known = mutants.filter((mutant) => mutant.guarantee === guarantee).map(({ name }) => name);
    expect(named, guarantee).not.toEqual([]);
    expect(known, guarantee).toEqual(expect.arrayContaining(named));
  }
  expect(new Set(rows.map(({ guarantee }) => guarantee))).toEqual(
    new Set(mutants.map(({ guarantee }) => guarantee)),
  );
});
