import { mergeConfig } from 'vitest/config';
import root from '../../../../vitest.config.ts';

/** `pnpm screenshots`: the pictures of docs/console.md, taken of the real system. No test, so it runs on demand only. */
export default mergeConfig(root, {
  root: '../../../..',
  test: {
    include: ['services/invalidation-relay/web/screenshots/*.scenes.ts'],
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
