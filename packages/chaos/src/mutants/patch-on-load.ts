import { patchSource } from '@freshet/simulator/mutants';
import { patchesNamed } from './patches.ts';

// Loaded with --import by the services and relays.
for (const patch of patchesNamed(process.env['FRESHET_CHAOS_PATCHES'] ?? '')) patchSource(patch);
