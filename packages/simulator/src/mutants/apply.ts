import { fileURLToPath } from 'node:url';
import { type Mutant, mutants } from './mutants.ts';

/** Other words for some words of one file: a safeguard less, or another release. */
export type SourcePatch = Pick<Mutant, 'name' | 'file' | 'edits'>;

/** The mutant that this process is to run with; null for none. @throws when it is not in the list */
export function chosenMutant(): Mutant | null {
  const name = process.env['FRESHET_MUTANT'];
  if (name === undefined) return null;
  const mutant = mutants.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new Error(`There is no mutant ${name}.`);
  return mutant;
}

/** Where the file is that is changed. */
export function fileOf({ file }: SourcePatch): string {
  return fileURLToPath(new URL(`../../../../${file}`, import.meta.url));
}

/** @throws when the code has changed, so that the patch leaves out nothing, or something else */
export function applyMutant(mutant: SourcePatch, source: string): string {
  return mutant.edits.reduce((text, [find, replace]) => {
    if (text.split(find).length !== 2) {
      throw new Error(`Mutant ${mutant.name}: this is not exactly once in ${mutant.file}: ${find}`);
    }
    return text.replace(find, () => replace);
  }, source);
}
