import { runService } from '@freshet/service-kit';
import { buildRelay } from './app.ts';
import { readRelayConfig } from './config.ts';

await runService({
  name: 'invalidation-relay',
  description:
    'Takes every committed change of a cached row to the caches, and lets operators see and do the same.',
  config: readRelayConfig,
  build: buildRelay,
});
