import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { applyMutant, fileOf } from './apply.ts';
import { mutants } from './mutants.ts';

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
