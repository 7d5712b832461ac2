import type { CacheId } from '../keys/key.ts';
import { compareVersions, NO_VERSION, parseVersion, type Version } from '../keys/version.ts';
import type { L1Entry } from '../l1/l1.ts';
import { type NotFromMemory, recordingSpan, type Told } from '../telemetry/read-span.ts';
import { type Entity, isId, memoryKey } from './entity.ts';
import { LoadBatch } from './load-batch.ts';
import { LoadThroughL2 } from './load-through-l2.ts';
import { refreshAhead } from './refresh-ahead.ts';
import type { Answer, CacheOutcome, ReadManyOptions, ReadOptions } from './outcome.ts';

/** After a refresh that came to nothing. */
const REFRESH_AGAIN_MS = 1_000;

const L1_HIT: CacheOutcome = Object.freeze({ hit: 'l1', detail: 'l1' });

/** The reads of one entity. An L1 hit parses, copies and allocates nothing, starts no span and no timer. */
export class Reader<T> {
  readonly #entity: Entity<T>;

  constructor(entity: Entity<T>) {
    this.#entity = entity;
  }

  get(id: CacheId): Promise<T | null> {
    if (!isId(id)) return this.read(id).then((answer) => answer.value);
    const wallMs = this.#entity.replica.clock.wallMs();
    const entry = this.#inMemory(memoryKey(id), wallMs);
    if (entry === undefined) return this.#beyondMemory(id, wallMs, NO_VERSION).then((answer) => answer.value);
    this.#entity.counters.l1Hits++;
    this.#observe(id, L1_HIT, entry);
    return entry.resolved;
  }

  read(id: CacheId, options?: ReadOptions): Promise<Answer<T>> {
    return this.#read(id, options?.minVersion);
  }

  async #read(id: CacheId, wanted: Version | undefined, batch?: LoadBatch<T>): Promise<Answer<T>> {
    const minVersion = wanted === undefined ? NO_VERSION : parseVersion(wanted);
    const wallMs = this.#entity.replica.clock.wallMs();
    const entry = this.#inMemory(memoryKey(id), wallMs);
    if (entry === undefined || compareVersions(entry.version, minVersion) < 0)
      return await this.#beyondMemory(id, wallMs, minVersion, batch);
    return this.#hit(id, entry, wallMs);
  }

  /**
   * Each id is read as `read` does it, all of them at once: what the reads ask of Redis in one turn travels together.
   * So L2 is looked at in one round trip, and the fill leases of what is not there are taken in another.
   */
  async readMany(ids: readonly CacheId[], options?: ReadManyOptions): Promise<Answer<T>[]> {
    const { replica, policy, counters } = this.#entity;
    const batch =
      policy.loadMany === undefined ? undefined : new LoadBatch(replica.gate, policy.loadMany, counters);
    const minVersion = options?.minVersion;
    const minVersionOf = typeof minVersion === 'function' ? minVersion : () => minVersion;
    // Whatever may throw does so before the first read: one that nobody waits for yet would end the process if it failed.
    const asked = ids.map((id) => ({ id, key: memoryKey(id), wanted: minVersionOf(id) }));
    const answers = new Map<string, Promise<Answer<T>>>();
    const read = ({ id, key, wanted }: (typeof asked)[number]): Promise<Answer<T>> => {
      let answer = answers.get(key);
      if (answer === undefined) {
        answer = this.#read(id, wanted, batch);
        answers.set(key, answer);
      }
      return answer;
    };
    return await Promise.all(asked.map(read));
  }

  #inMemory(key: string, wallMs: number): L1Entry<T> | undefined {
    const entry = this.#entity.l1.get(key);
    return entry !== undefined && wallMs < entry.refreshAt && this.#entity.lease.validAtWall(wallMs)
      ? entry
      : undefined;
  }

  #hit(id: CacheId, entry: L1Entry<T>, wallMs: number): Answer<T> {
    this.#entity.counters.l1Hits++;
    this.#observe(id, L1_HIT, entry);
    const ttlMs = entry.expiresAt - wallMs;
    return { value: entry.value, version: entry.version, cache: { hit: 'l1', detail: 'l1', ttlMs } };
  }

  /** What is about to expire is answered from memory all the same, and refreshed behind the reader's back. */
  #beyondMemory(id: CacheId, wallMs: number, minVersion: Version, batch?: LoadBatch<T>): Promise<Answer<T>> {
    const { policy, l1, lease } = this.#entity;
    if (policy.refreshAhead === 0) return this.#load(id, minVersion, batch);
    const entry = l1.get(memoryKey(id));
    const usable = entry !== undefined && wallMs < entry.expiresAt && lease.valid();
    if (!usable || compareVersions(entry.version, minVersion) < 0) return this.#load(id, minVersion, batch);
    if (wallMs >= entry.refreshAt) {
      entry.refreshAt = Math.min(entry.expiresAt, wallMs + REFRESH_AGAIN_MS);
      refreshAhead(this.#entity, id, entry.expiresAt);
    }
    return Promise.resolve(this.#hit(id, entry, wallMs));
  }

  async #load(id: CacheId, minVersion: Version, batch?: LoadBatch<T>): Promise<Answer<T>> {
    const { flights, lease, counters } = this.#entity;
    const key = memoryKey(id);
    const memory = recordingSpan() && this.#notFromMemory(key, minVersion);
    const { answer, shared } = flights.join(
      key,
      minVersion,
      () => lease.valid(),
      // A throw here would be the reader's, not the load's.
      async (load) =>
        await new LoadThroughL2(this.#entity, id, key, load, batch && ((one) => batch.ask(one))).run(),
    );
    const told = await answer;
    const { value, version, cache } = told;
    if (shared) counters.collapsed++;
    const outcome = shared ? { ...cache, collapsed: true } : cache;
    this.#observe(id, outcome, told, memory);
    return { value, version, cache: outcome };
  }

  /** For the trace. */
  #notFromMemory(key: string, minVersion: Version): NotFromMemory {
    const { l1, lease, replica } = this.#entity;
    const entry = l1.peek(key);
    if (entry === undefined) return 'miss';
    if (entry.expiresAt <= replica.clock.wallMs()) return 'expired';
    return lease.valid() && compareVersions(entry.version, minVersion) < 0 ? 'request' : 'lease-expired';
  }

  #observe(id: CacheId, outcome: CacheOutcome, told: Told, memory?: NotFromMemory): void {
    this.#entity.replica.log.read(this.#entity.policy.entity, id, outcome, told, memory);
  }
}
