import type { Protocol } from '@freshet/cache-core/protocol';
import { observableOf } from '@freshet/cache-core/telemetry';
import { type ObservableResult, metrics } from '@opentelemetry/api';
import { relayMetrics } from './relay-metrics.ts';

const liveReplicas = observableOf(metrics.getMeter('@freshet/invalidation-relay'), relayMetrics.liveReplicas);

/** Counts the replicas of a domain whenever metrics are collected; the answer stops that. */
export function countLiveReplicas(domain: string, protocol: Pick<Protocol, 'replicas'>): () => void {
  const callback = async (result: ObservableResult): Promise<void> => {
    const replicas = await protocol.replicas().catch(() => null);
    result.observe(replicas?.filter(({ live }) => live).length ?? Number.NaN, { domain });
  };
  liveReplicas.addCallback(callback);
  return () => liveReplicas.removeCallback(callback);
}
