import { FreshetError } from '@freshet/cache-core';
import { expect, test } from 'vitest';
import { invalidateAfter } from './cached-write.ts';

function entity() {
  const invalidated: unknown[][] = [];
  return {
    invalidated,
    async invalidate(...args: unknown[]) {
      invalidated.push(args);
    },
  };
}

test('after a write the entry is dropped, and no newer one', async () => {
  const things = entity();
  const written = { name: 'Ada', version: '7' };
  expect(await invalidateAfter(things, 'ann', Promise.resolve(written))).toBe(written);
  expect(things.invalidated).toEqual([['ann', '7']]);
});

test('when nobody knows whether it was committed, the entry is dropped whatever its version', async () => {
  const things = entity();
  const unknown = new FreshetError('FRESHET_COMMIT_UNKNOWN', 'the connection broke');
  await expect(invalidateAfter(things, 'ann', Promise.reject(unknown))).rejects.toBe(unknown);
  expect(things.invalidated).toEqual([['ann']]);
});

test('a write that was rolled back drops nothing', async () => {
  const things = entity();
  const refused = new Error('no such row');
  await expect(invalidateAfter(things, 'ann', Promise.reject(refused))).rejects.toBe(refused);
  expect(things.invalidated).toEqual([]);
});
