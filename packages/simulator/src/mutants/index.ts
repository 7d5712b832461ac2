// For other programs that leave safeguards out.
export { applyMutant, fileOf, type SourcePatch } from './apply.ts';
export { type Mutant, mutants } from './mutants.ts';
export { patchSource } from './patch-source.ts';
