import { pause } from '../clock.ts';
import type { CacheId } from '../keys/key.ts';
import { compareVersions, NO_VERSION, type Version } from '../keys/version.ts';
import type { Entity, Keepable, Prepared } from './entity.ts';
import type { Load } from './flights.ts';
import { type Found, KeyInL2, type Standing } from './key-in-l2.ts';
import type { Answer, CacheOutcome, OutcomeDetail } from './outcome.ts';
import type { Told } from '../telemetry/read-span.ts';
import type { Loaded } from './policy.ts';
import { expiredAnswer } from './stale-if-error.ts';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

type Bypass = Exclude<OutcomeDetail, 'l1' | 'l2' | 'stale-if-error'>;

/** How one load asks the origin, through the gate. */
export type AskOrigin<T> = (id: CacheId) => Promise<Loaded<T> | null | undefined>;

/**
 * One load of one key, for a reader that L1 could not answer: L2, else a fill lease, else the origin.
 * Rules in comments marked ● look optional and are not; the coherence protocol gives the schedule for each.
 */
export class LoadThroughL2<T> {
  readonly #entity: Entity<T>;
  readonly #id: CacheId;
  readonly #key: string;
  readonly #l2: KeyInL2<T>;
  readonly #load: Load;
  readonly #ask: AskOrigin<T>;
  /** ● Known when the load begins: a blessing that comes while it runs voids what it stores. */
  readonly #blessing: number;

  constructor(entity: Entity<T>, id: CacheId, key: string, load: Load, ask: AskOrigin<T> = askAlone(entity)) {
    this.#entity = entity;
    this.#id = id;
    this.#key = key;
    this.#l2 = new KeyInL2(entity, id);
    this.#load = load;
    this.#ask = ask;
    this.#blessing = entity.replica.lease.blessing;
  }

  /** @throws what the policy's `load` throws, and the gate's errors; never because of Redis. */
  run(): Promise<Answer<T> & Told> {
    return this.#entity.policy.staleIfErrorMs === 0 ? this.#read() : this.#readOrExpired();
  }

  async #readOrExpired(): Promise<Answer<T> & Told> {
    try {
      return await this.#read();
    } catch (error) {
      const expired = await expiredAnswer(this.#entity, this.#l2, this.#key, this.#load.minVersion);
      if (expired === null) throw error;
      this.#entity.replica.log.failed('expired value served', error, { entity: this.#entity.policy.entity });
      return expired;
    }
  }

  async #read(): Promise<Answer<T> & Told> {
    const { policy, lease, replica, counters } = this.#entity;
    let pauseMs = FIRST_PAUSE_MS;
    let waitedMs = 0;
    let misunderstood = false;
    for (;;) {
      // At each look: while this waited for another's fill, another server may have come to this connection's end.
      const { term } = lease;
      if (policy.bypassWhenUnproven && !lease.valid())
        return await this.#fromOrigin('bypass', 'lease-expired');
      if (!replica.registry.registered) return await this.#fromOrigin('bypass', 'not-registered');
      let standing: Standing;
      try {
        // The lease only now: its token's random bytes cost as much as parsing a small value.
        standing = (await this.#l2.get()) ?? (await this.#l2.lease());
      } catch {
        return await this.#fromOrigin('bypass', 'l2-unavailable');
      }
      switch (standing.kind) {
        case 'granted':
          return await this.#fill(standing.token);
        case 'fence':
          return await this.#fromOrigin('bypass', 'fence');
        case 'entry': {
          // ● L2 is believed only if nothing interrupted the lease while it was asked.
          if (policy.bypassWhenUnproven && (term !== lease.term || !lease.valid())) {
            return await this.#fromOrigin('bypass', 'lease-expired');
          }
          const found = await this.#l2.understand(standing);
          if (found === null) {
            if (misunderstood) return await this.#fromOrigin('bypass', 'l2-unavailable');
            misunderstood = true;
            continue;
          }
          const { entry } = found;
          if (compareVersions(entry.version, this.#load.minVersion) < 0) {
            return await this.#refresh(entry.version, 'request');
          }
          if (policy.staleIfErrorMs === 0 || this.#l2.ttlLeft(entry) > 0) return this.#hit(found);
          if (waitedMs >= replica.timings.fillWaitMs) return await this.#refresh(entry.version, 'stale');
          // Whoever cannot ask for the right to replace it cannot replace it either, and still wants an answer.
          if (await this.#l2.claimRefresh().catch(() => true))
            return await this.#replaceExpired(entry.version);
          break;
        }
        case 'lease':
          if (waitedMs >= replica.timings.fillWaitMs) return await this.#fromOrigin('miss', 'fill-wait');
      }
      if (waitedMs === 0) counters.waits++;
      await pause(replica.clock, pauseMs);
      waitedMs += pauseMs;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS) * (0.75 + replica.random() / 2);
    }
  }

  #hit({ value, entry, bytes }: Found<T>): Answer<T> & Told {
    this.#entity.counters.l2Hits++;
    const ttlMs = this.#l2.ttlLeft(entry);
    this.#keep({ value, version: entry.version, ttlMs, costMs: entry.cost, bytes });
    return { value, version: entry.version, cache: { hit: 'l2', detail: 'l2', ttlMs }, since: entry.at };
  }

  async #fill(token: string): Promise<Answer<T>> {
    const { protocol } = this.#entity.replica;
    const prepared = await this.#askOrigin();
    return await this.#store(prepared, 'miss', () =>
      protocol.fill(this.#l2.name, token, prepared.entry, prepared.keepMs),
    );
  }

  /** The reader wants a newer version than L2 holds. It replaces, and never drops: a forged header must not empty caches. */
  async #refresh(seenVersion: Version, fwd: 'request' | 'stale'): Promise<Answer<T>> {
    const { protocol } = this.#entity.replica;
    const prepared = await this.#askOrigin();
    if (seenVersion === NO_VERSION || prepared.version === NO_VERSION) return this.#answer(prepared, { fwd });
    return await this.#store(prepared, fwd, () =>
      protocol.refresh(this.#l2.name, seenVersion, prepared.entry, prepared.keepMs),
    );
  }

  /** An entry past its TTL stays where it is until it is replaced, in case that its load fails. */
  async #replaceExpired(seenVersion: Version): Promise<Answer<T>> {
    try {
      return await this.#refresh(seenVersion, 'stale');
    } finally {
      this.#l2.releaseRefresh();
    }
  }

  /**
   * ● Dirty: it met a fence, or did not get to see whether there is one. A reader that comes later may know of the write
   * behind that fence, and must not share this answer.
   */
  async #fromOrigin(fwd: 'miss' | 'bypass', detail: Bypass): Promise<Answer<T>> {
    this.#load.dirty = true;
    return this.#answer(await this.#askOrigin(), { fwd, detail });
  }

  async #store(
    prepared: Prepared<T>,
    fwd: 'miss' | 'request' | 'stale',
    write: () => Promise<boolean>,
  ): Promise<Answer<T>> {
    const stored = await write().catch(() => false);
    if (!stored) {
      this.#entity.counters.fillsRejected++;
      return this.#answer(prepared, { fwd });
    }
    this.#keep({ ...prepared, bytes: prepared.entry.length });
    return this.#answer(prepared, { fwd, stored: true, ttlMs: prepared.ttlMs });
  }

  #keep(keepable: Keepable<T>): void {
    this.#entity.keep(this.#key, this.#load, keepable);
  }

  #answer({ value, version }: Prepared<T>, cache: CacheOutcome & { detail?: Bypass }): Answer<T> {
    const { counters } = this.#entity;
    const { fwd, detail } = cache;
    if (fwd === 'request') counters.requests++;
    else if (detail !== undefined) counters.bypasses[detail]++;
    else counters.misses++;
    return { value, version, cache };
  }

  async #askOrigin(): Promise<Prepared<T>> {
    const { counters, replica } = this.#entity;
    const startedAt = replica.clock.monotonicMs();
    try {
      const loaded = await this.#ask(this.#id);
      return this.#entity.prepare(loaded, this.#blessing, replica.clock.monotonicMs() - startedAt);
    } catch (error) {
      counters.originErrors++;
      throw error;
    }
  }
}

function askAlone<T>({ replica, policy, counters }: Entity<T>): AskOrigin<T> {
  return (id) =>
    replica.gate.run((signal) => {
      // Here it has begun: what was refused, or waited in vain, asked the origin nothing.
      counters.originLoads++;
      return policy.load(id, { signal });
    });
}
