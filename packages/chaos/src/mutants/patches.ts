import type { SourcePatch } from '@freshet/simulator/mutants';
import type { ProcessExtras } from '../system/system-under-test.ts';
import { mutants } from './mutants.ts';
import { nextRelease } from './next-release.ts';

const HOOK = new URL('./patch-on-load.ts', import.meta.url).href;

/** @throws when there is no such patch */
export function patchesNamed(names: string): SourcePatch[] {
  const known = [...mutants.map(({ patch }) => patch), ...nextRelease];
  return names
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const patch = known.find((one) => one.name === name);
      if (patch === undefined) throw new Error(`There is no patch ${name}.`);
      return patch;
    });
}

/** What makes a process load these patches. */
export function withPatches(patches: readonly SourcePatch[]): ProcessExtras {
  if (patches.length === 0) return {};
  return {
    nodeArgs: ['--import', HOOK],
    env: { FRESHET_CHAOS_PATCHES: patches.map(({ name }) => name).join(',') },
  };
}
