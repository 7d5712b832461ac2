import { resolve } from 'node:path';
import { type Mutant, mutants } from './mutants.ts';

/** The mutant that this process is to run with; null for none. @throws when it is not in the list */
export function chosenMutant(): Mutant | null {
  const name = process.env['FRESHET_MUTANT'];
  if (name === undefined) return null;
  const mutant = mutants.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new Error(`There is no mutant ${name}.`);
  return mutant;
}

/** Where the mutant's file is; both Vitest and the hunt run in the root of the repository. */
export function fileOf(mutant: Mutant): string {
  return resolve(mutant.file);
}

/** @throws when the code has changed, so that the mutant leaves out nothing, or something else */
export function applyMutant(mutant: Mutant, source: string): string {
  return mutant.edits.reduce((text, [find, replace]) => {
    if (text.split(find).length !== 2) {
      throw new Error(`Mutant ${mutant.name}: this is not exactly once in ${mutant.file}: ${find}`);
    }
    return text.replace(find, () => replace);
  }, source);
}
