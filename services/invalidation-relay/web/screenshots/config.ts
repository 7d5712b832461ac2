import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import usual from '../../../../vitest.config.ts';

/** `pnpm screenshots`: the pictures of docs/console.md, taken of the real system. No test, so it runs on demand only. */
export default defineConfig({
  ...usual,
  root: join(import.meta.dirname, '../../../..'),
  test: {
    ...usual.test,
    include: ['services/invalidation-relay/web/screenshots/*.scenes.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
