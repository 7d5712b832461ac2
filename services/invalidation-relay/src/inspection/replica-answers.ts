import type { InspectionAnswer } from '@freshet/cache-core/protocol';
import type { OpenDomain } from '../domain/open-domain.ts';

/** A replica that Redis has a lease of, or that has answered, or both. */
export interface ReplicaAnswer {
  replicaId: string;
  /** The name of its process. */
  instance: string | null;
  answer: InspectionAnswer | null;
}

/** What was asked of every replica that is known, whether it answered or not: those with a lease first. */
export async function askKnownReplicas(
  { redis, inspection }: Pick<OpenDomain, 'redis' | 'inspection'>,
  question: Parameters<OpenDomain['inspection']['askReplicas']>[0],
): Promise<ReplicaAnswer[]> {
  const [records, answers] = await Promise.all([redis.protocol.replicas(), inspection.askReplicas(question)]);
  const ids = new Set([
    ...records.map(({ replicaId }) => replicaId),
    ...answers.map(({ replica }) => replica.replicaId),
  ]);
  return [...ids].map((replicaId) => {
    const answer = answers.find(({ replica }) => replica.replicaId === replicaId) ?? null;
    return { replicaId, instance: answer?.replica.instance ?? instanceOf(replicaId), answer };
  });
}

/** As createCache puts them together; null for an id that something else has made. */
export function instanceOf(replicaId: string): string | null {
  return /^(?<instance>.+)\.[0-9a-f]{16}$/.exec(replicaId)?.groups?.['instance'] ?? null;
}
