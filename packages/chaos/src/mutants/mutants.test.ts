import { readFileSync } from 'node:fs';
import { applyMutant, fileOf } from '@freshet/simulator/mutants';
import { expect, test } from 'vitest';
import { faults } from '../faults/index.ts';
import { mutants } from './mutants.ts';
import { nextRelease } from './next-release.ts';
import { patchesNamed, withPatches } from './patches.ts';

const patches = [...mutants.map(({ patch }) => patch), ...nextRelease];

test.each(patches.map((patch) => [patch.name, patch] as const))('%s still changes its file', (_, patch) => {
  const source = readFileSync(fileOf(patch), 'utf8');
  expect(applyMutant(patch, source)).not.toBe(source);
});

test('each has a name of its own, and is found by it in the process that loads it', () => {
  const { env } = withPatches(patches);
  expect(patchesNamed(env?.['FRESHET_CHAOS_PATCHES'] ?? '')).toEqual(patches);
  expect(() => patchesNamed('no-such-patch')).toThrow('no-such-patch');
});

test('each planted bug is hunted with faults that there are', () => {
  const known = faults.map(({ name }) => name);
  for (const { faults: by } of mutants) expect(known).toEqual(expect.arrayContaining([...by]));
});
