export { type CreateDatabaseOptions, createDatabase, type TestDatabase } from './database.ts';
export { disposeAtEnd } from './disposal.ts';
export { type EventuallyOptions, eventually } from './eventually.ts';
export { startFaultProxy } from './fault-proxy.ts';
export type { Direction, FaultProxy, FaultProxyStats, FaultProxyTarget } from './network/index.ts';
export { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';
export { type StartProcessOptions, startProcess, type TestProcess } from './process.ts';
export { type StartRedisOptions, startRedis, type TestRedis } from './redis.ts';
export {
  type SentinelGroupOptions,
  startSentinelGroup,
  type TestSentinelGroup,
} from './sentinel-group.ts';
export type { Attributes, AttributeValue } from './otlp-common.ts';
export type { ReceivedSpan } from './trace-request.ts';
export type { ReceivedMetric } from './metric-request.ts';
