import type { Entity } from '../cache-aside/entity.ts';
import { parseLogicalKey } from '../keys/key.ts';
import type { Replica } from '../replica.ts';
import { statsOf } from '../telemetry/counters.ts';
import { decodeQuestion, encodeAnswer, type HeldEntry, type InspectedReplica } from './question.ts';

export interface InspectedParts {
  readonly replicaId: string;
  readonly instance: string;
  readonly replica: Replica;
  /** By name. */
  readonly entities: ReadonlyMap<string, Entity<unknown>>;
}

/** What a replica says of itself and of its memory when somebody asks: see `InspectionQuestion`. A hit knows nothing of it. */
export class ReplicaInspection {
  readonly #parts: InspectedParts;

  constructor(parts: InspectedParts) {
    this.#parts = parts;
  }

  /** Null for what is no question. */
  answer(text: string): { channel: string; text: string } | null {
    const question = decodeQuestion(text);
    if (question === null) return null;
    const { id, replyTo, keys = [], logIds = [], sample = 0 } = question;
    const { lease } = this.#parts.replica;
    const applied: Record<string, number> = {};
    for (const logId of logIds) {
      const at = lease.applied.when(logId);
      if (at !== null) applied[logId] = at;
    }
    const held = keys.map((key) => this.#held(key)).filter((entry) => entry !== null);
    return {
      channel: replyTo,
      text: encodeAnswer({ id, replica: this.#self(), held, sample: this.#sample(sample), applied }),
    };
  }

  #self(): InspectedReplica {
    const { replicaId, instance, replica, entities } = this.#parts;
    const { lease, service } = replica;
    const self = { reads: 0, hits: 0, l1: { entries: 0, bytes: 0 } };
    for (const { counters, l1 } of entities.values()) {
      const { l1Hits, l2Hits, misses, bypasses, requests, staleIfError } = statsOf(counters, l1.size);
      self.reads += l1Hits + l2Hits + misses + bypasses + requests + staleIfError;
      self.hits += l1Hits + l2Hits;
      self.l1.entries += l1.size;
      self.l1.bytes += l1.bytes;
    }
    const { held } = lease.state;
    const leaseMs = held ? Math.max(0, Math.round(lease.remainingMs)) : 0;
    return { replicaId, instance, service, mode: held ? 'l1' : 'degraded', leaseMs, ...self };
  }

  #held(key: string): HeldEntry | null {
    const named = keyOf(key);
    if (named === null || named.service !== this.#parts.replica.service) return null;
    return this.#parts.entities.get(named.entity)?.held(named.idParts) ?? null;
  }

  /** As many of each entity, wherever there are so many. */
  #sample(count: number): HeldEntry[] {
    const { entities } = this.#parts;
    const each = Math.ceil(count / Math.max(1, entities.size));
    return [...entities.values()].flatMap((entity) => entity.sampleHeld(each)).slice(0, count);
  }
}

function keyOf(key: string) {
  try {
    const { service, entity, idParts } = parseLogicalKey(key);
    return idParts === null ? null : { service, entity, idParts };
  } catch {
    return null;
  }
}
