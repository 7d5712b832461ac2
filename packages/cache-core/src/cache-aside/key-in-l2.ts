import { type CacheId, physicalKey } from '../keys/key.ts';
import { MAX_VERSION } from '../keys/version.ts';
import { decodeValue, type L2Entry, type L2Value } from '../l2/value.ts';
import type { Entity } from './entity.ts';
import { frozen } from './freeze.ts';

/** What a reader meets under its key: the entry parsed once, or the right to fill. */
export type Standing =
  | StandingEntry
  | { kind: 'granted'; token: string }
  | { kind: 'lease' }
  | { kind: 'fence' };

export interface StandingEntry {
  kind: 'entry';
  stored: L2Value;
  bytes: number;
}

/** What was found in L2, with the length of its text. */
export interface Found<T> {
  value: T | null;
  entry: L2Entry;
  bytes: number;
}

/** One key as L2 holds it, seen by one load. */
export class KeyInL2<T> {
  /** In Redis. */
  readonly name: string;
  readonly #entity: Entity<T>;

  constructor(entity: Entity<T>, id: CacheId) {
    const { service } = entity.replica;
    this.#entity = entity;
    this.name = physicalKey(service, entity.policy.entity, entity.policy.schemaVersion, id);
  }

  /** A fill lease of ours, or what stands in its way. */
  async lease(): Promise<Standing> {
    const { protocol, lease, timings, token: newToken } = this.#entity.replica;
    const token = newToken();
    const answer = await protocol.lease(this.name, token, lease.validFrom, timings.fillLeaseMs);
    if (answer.kind === 'granted') return { kind: 'granted', token };
    if (answer.kind === 'entry')
      return { kind: 'entry', stored: decodeValue(answer.text), bytes: answer.text.length };
    return answer;
  }

  /** null, after removing it, for what cannot be understood: it would hide the value until its TTL. */
  async understand({ stored, bytes }: StandingEntry): Promise<Found<T> | null> {
    const { policy, counters, replica } = this.#entity;
    if (stored.kind === 'entry') {
      const { payload } = stored.entry;
      try {
        const value = payload === null ? null : frozen(policy.decode(payload));
        return { value, entry: stored.entry, bytes };
      } catch (error) {
        replica.log.failed('cached value not understood', error, { entity: policy.entity });
      }
    }
    counters.undecodable++;
    await replica.protocol.drop(this.name, MAX_VERSION).catch(() => {
      // What cannot be removed is asked of the origin the next time round.
    });
    return null;
  }

  /** Milliseconds that an entry has left, 0 when it is only kept for `staleIfError`. */
  ttlLeft(entry: L2Entry, wallMs = this.#entity.replica.clock.wallMs()): number {
    // The writer's wall clock against ours: the TTL is exact to their skew, and freshness does not depend on it.
    return Math.min(entry.ttl, Math.max(0, entry.ttl - (wallMs - entry.at)));
  }

  /**
   * The right to replace the entry in place, for one process at a time: a fill lease of another key in the same Redis
   * Cluster slot. Whoever dies with it holds up the others until it expires, and then nobody.
   */
  async claimRefresh(): Promise<boolean> {
    const { protocol, timings, token } = this.#entity.replica;
    const { kind } = await protocol.lease(this.#claim, token(), 0, timings.fillLeaseMs);
    return kind === 'granted';
  }

  /** Done with replacing it, or with trying to. */
  releaseRefresh(): void {
    this.#entity.replica.protocol.drop(this.#claim, MAX_VERSION).catch(() => {
      // It expires.
    });
  }

  get #claim(): string {
    return `{${this.name}}:refresh`;
  }

  /** An entry that is not void, or another's fill lease; null for all else, which LEASE tells apart. */
  async get(): Promise<StandingEntry | { kind: 'lease' } | null> {
    const { protocol, lease } = this.#entity.replica;
    let text: string | null;
    try {
      text = await protocol.get(this.name);
    } catch (error) {
      // A value of another Redis type: garbage, which LEASE replaces. Else nobody would before it is dropped by hand.
      if (!(error instanceof Error) || !error.message.startsWith('WRONGTYPE')) throw error;
      text = null;
    }
    if (text === null) return null;
    const stored = decodeValue(text);
    if (stored.kind === 'lease') return stored;
    if (stored.kind === 'entry' && stored.entry.blessing >= lease.validFrom)
      return { kind: 'entry', stored, bytes: text.length };
    return null;
  }
}
