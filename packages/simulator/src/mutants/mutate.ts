import { chosenMutant } from './apply.ts';
import { patchSource } from './patch-source.ts';

// Loaded with --import.
const mutant = chosenMutant();
if (mutant !== null) patchSource(mutant);
