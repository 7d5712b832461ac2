import type { OriginGate } from './cache-aside/origin-gate.ts';
import type { SchemaRegistry } from './cache-aside/schema-registry.ts';
import type { Clock } from './clock.ts';
import type { FreshnessLease } from './freshness-lease/freshness-lease.ts';
import type { Timings } from './options.ts';
import type { Origin } from './origin/origin.ts';
import type { Protocol } from './redis/protocol.ts';
import type { CacheLog } from './telemetry/cache-log.ts';
import type { Measures } from './telemetry/measures.ts';

/** What the entities of one `createCache` share. */
export interface Replica {
  readonly service: string;
  readonly protocol: Protocol;
  readonly origin: Origin;
  readonly lease: FreshnessLease;
  readonly registry: SchemaRegistry;
  readonly gate: OriginGate;
  readonly clock: Clock;
  readonly log: CacheLog;
  readonly measures: Measures;
  readonly timings: Timings;
  /** [0, 1) */
  readonly random: () => number;
  /** Never the same twice, in any process. */
  readonly token: () => string;
}
