/** The door for whoever runs the relay of one domain in a world of its own: the simulator. */
export type {
  AppliedUpTo,
  BlessingRecord,
  BlessingSnapshot,
  BlessingStore,
  BlessingToRecord,
} from '../blessing/blessing-store.ts';
export { PostgresBlessingStore } from '../blessing/postgres-blessing-store.ts';
export type { RetryQueue } from '../retry/retry-queue.ts';
export { domainMetrics } from '../telemetry/domain-metrics.ts';
export { DomainRelay, type DomainRelayDependencies } from './domain-relay.ts';
export type {
  LockedBatch,
  OutboxDepth,
  OutboxRow,
  OutboxSnapshot,
  OutboxStore,
  RowSelection,
} from './outbox-store.ts';
export type { RedisLink } from './redis-link.ts';
export { defaultTiming } from './relay-timing.ts';
export { PostgresOutboxStore } from './postgres-outbox-store.ts';
