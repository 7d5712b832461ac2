import type { L2Store } from '../l2/l2-store.ts';
import type { CoherenceLog } from '../log/coherence-log.ts';

/** Everything that a replica, a strong writer and a relay say to one domain's Redis, over one connection. */
export interface Protocol extends L2Store, CoherenceLog {
  /**
   * Grows whenever the connection is lost or made. What must not span a reconnect reads it first, and gives up when
   * it has changed.
   */
  readonly generation: number;
  /** Called when the connection was lost or made; the answer stops that. */
  onConnection(listener: (event: 'lost' | 'ready') => void): () => void;
}

/** Doorbell of the replicas: something is new in the log. */
export const replicaDoorbell = (domain: string): string => `cache:invalidate:${domain}`;

/** Doorbell of the relays: something is new in the outbox. */
export const outboxDoorbell = (domain: string): string => `cache:outbox:${domain}`;
