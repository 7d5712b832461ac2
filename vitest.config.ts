import { defineConfig } from 'vitest/config';

// Packages resolve to their sources, as in development; the condition must be known to Node too,
// because workers and child processes resolve packages by themselves.
const conditions = ['@freshet/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  environments: { __vitest__: { resolve: { conditions } } }, // where the global setup is loaded
  test: {
    include: ['{packages,services,infra}/*/{src,test}/**/*.test.ts'],
    globalSetup: ['./packages/test-kit/src/global-setup.ts'],
    pool: 'forks',
    execArgv: ['--conditions=@freshet/source'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 15_000,
  },
});
