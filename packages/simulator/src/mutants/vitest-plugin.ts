import { applyMutant, chosenMutant, fileOf } from './apply.ts';

/** For the mutants that a test on real servers catches: Vitest loads sources by itself. */
export function mutantPlugin() {
  const mutant = chosenMutant();
  const target = mutant === null ? null : fileOf(mutant);
  return {
    name: 'mutant',
    enforce: 'pre' as const,
    transform(code: string, id: string): string | undefined {
      return mutant !== null && id.split('?')[0] === target ? applyMutant(mutant, code) : undefined;
    },
  };
}
