/**
 * The second door: the protocol itself, for the relay and for tests. Services use the main door.
 */

export { ReplicaCache, type ReplicaParts } from './cache.ts';
export { type Clock, pause, systemClock } from './clock.ts';
export type { Doorbell } from './freshness-lease/doorbell.ts';
export { type Inspector, openInspector } from './inspection/inspector.ts';
export { peek, type Peeked } from './inspection/peek.ts';
export { type HeldEntry, type InspectionAnswer, MOST_ASKED } from './inspection/question.ts';
export {
  type CacheId,
  encodeIdPart,
  keyPrefix,
  type LogicalKey,
  logicalKey,
  parseLogicalKey,
  physicalKey,
} from './keys/key.ts';
export { compareVersions, MAX_VERSION, NO_VERSION, parseVersion, type Version } from './keys/version.ts';
export type { DropAnswer, L2Store, LeaseAnswer, PublishAnswer } from './l2/l2-store.ts';
export { decodeValue, encodeEntry, type L2Entry, type L2Value } from './l2/value.ts';
export type * from './log/coherence-log.ts';
export { decodeLogEntry, encodeLogEntry, type LogEntry } from './log/log-entry.ts';
export { limits, withDrift } from './options.ts';
export type {
  Origin,
  SchemaVersion,
  StrongCheck,
  StrongTransaction,
  StrongTransactionOptions,
} from './origin/origin.ts';
export { THIS_POSTGRES } from './origin/this-postgres.ts';
export { reconnect, watchConnection } from './redis/connect.ts';
export type { RedisPort } from './redis/port.ts';
export { outboxDoorbell, type Protocol, replicaDoorbell } from './redis/protocol.ts';
export { redisProtocol } from './redis/redis-protocol.ts';
export { contextOf, currentTraceparent, traceparentOf } from './telemetry/trace-context.ts';
