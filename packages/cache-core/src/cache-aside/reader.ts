import type { CacheId } from '../keys/key.ts';
import { compareVersions, NO_VERSION, parseVersion, type Version } from '../keys/version.ts';
import type { L1Entry } from '../l1/l1.ts';
import { type Entity, memoryKey } from './entity.ts';
import { LoadThroughL2 } from './load-through-l2.ts';
import type { Answer, CacheOutcome, ReadOptions } from './outcome.ts';

const L1_HIT: CacheOutcome = Object.freeze({ hit: 'l1', detail: 'l1' });

/** The reads of one entity. An L1 hit parses, copies and allocates nothing, starts no span and no timer. */
export class Reader<T> {
  readonly #entity: Entity<T>;

  constructor(entity: Entity<T>) {
    this.#entity = entity;
  }

  get(id: CacheId): Promise<T | null> {
    const entry = this.#inMemory(memoryKey(id), this.#entity.replica.clock.wallMs());
    if (entry === undefined) return this.#load(id, NO_VERSION).then((answer) => answer.value);
    this.#entity.counters.l1Hits++;
    this.#observe(id, L1_HIT);
    return entry.resolved;
  }

  async read(id: CacheId, options?: ReadOptions): Promise<Answer<T>> {
    const minVersion = options?.minVersion === undefined ? NO_VERSION : parseVersion(options.minVersion);
    const wallMs = this.#entity.replica.clock.wallMs();
    const entry = this.#inMemory(memoryKey(id), wallMs);
    if (entry === undefined || compareVersions(entry.version, minVersion) < 0)
      return await this.#load(id, minVersion);
    this.#entity.counters.l1Hits++;
    this.#observe(id, L1_HIT);
    const ttlMs = entry.expiresAt - wallMs;
    return { value: entry.value, version: entry.version, cache: { hit: 'l1', detail: 'l1', ttlMs } };
  }

  #inMemory(key: string, wallMs: number): L1Entry<T> | undefined {
    const entry = this.#entity.l1.get(key);
    return entry !== undefined && wallMs < entry.expiresAt && this.#entity.lease.validAtWall(wallMs)
      ? entry
      : undefined;
  }

  async #load(id: CacheId, minVersion: Version): Promise<Answer<T>> {
    const { flights, lease, counters } = this.#entity;
    const key = memoryKey(id);
    const { answer, shared } = flights.join(
      key,
      minVersion,
      () => lease.valid(),
      // A throw here would be the reader's, not the load's.
      async (load) => await new LoadThroughL2(this.#entity, id, key, load).run(),
    );
    const { value, version, cache } = await answer;
    if (shared) counters.collapsed++;
    const outcome = shared ? { ...cache, collapsed: true } : cache;
    this.#observe(id, outcome);
    return { value, version, cache: outcome };
  }

  #observe(id: CacheId, outcome: CacheOutcome): void {
    this.#entity.replica.log.read(this.#entity.policy.entity, id, outcome);
  }
}
