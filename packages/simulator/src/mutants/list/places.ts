export const CORE = 'packages/cache-core/src';
export const RELAY = 'services/invalidation-relay/src';
/** What a script, or a statement, does on a real server is held to these by the conformance suites. */
export const REDIS = 'packages/simulator/src/redis';
export const POSTGRES = 'packages/simulator/src/postgres';
export const WORLD = 'packages/simulator/src/world';
