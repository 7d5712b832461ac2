import { type CacheId, physicalKey } from '../keys/key.ts';
import { MAX_VERSION, parseVersion, type Version } from '../keys/version.ts';
import type { QueryClient } from '../origin/query-client.ts';
import { invalidateEntity } from '../outbox/invalidate-entity.ts';
import type { Entity } from './entity.ts';
import type { Answer, ReadManyOptions, ReadOptions } from './outcome.ts';
import { Reader } from './reader.ts';

/** One entity, read through the caches and invalidated after each committed change: bounded staleness. */
export class CacheAside<T> {
  readonly #entity: Entity<T>;
  readonly #reader: Reader<T>;

  /** Made by `cache.aside`. */
  constructor(entity: Entity<T>) {
    this.#entity = entity;
    this.#reader = new Reader(entity);
  }

  /**
   * The value, or null when there is no such row; from memory where that is proven fresh.
   * @throws what `load` throws; FRESHET_INVALID_ID; FRESHET_OVERLOADED and FRESHET_LOAD_TIMEOUT (retryable). Never because of Redis.
   */
  get(id: CacheId): Promise<T | null> {
    return this.#reader.get(id);
  }

  /** As `get`, with the version and what the cache did. @throws FRESHET_INVALID_VERSION too, for a malformed `minVersion` */
  read(id: CacheId, options?: ReadOptions): Promise<Answer<T>> {
    return this.#reader.read(id, options);
  }

  /**
   * As `get` for each id, in their order: one round trip for what L2 has, one more for the fill leases of the rest. The
   * first error is thrown, also for one id of many.
   */
  async getMany(ids: readonly CacheId[]): Promise<(T | null)[]> {
    return (await this.#reader.readMany(ids)).map(({ value }) => value);
  }

  /** As `getMany`, each with its version and what the cache did. */
  readMany(ids: readonly CacheId[], options?: ReadManyOptions): Promise<Answer<T>[]> {
    return this.#reader.readMany(ids, options);
  }

  /**
   * Call it after the COMMIT that changed the row, with the row's new version (`deletionVersion` for a deletion; left
   * out when the outcome is unknown). The change is then gone from this process's memory and from L2, and the relay is
   * rung. A failure is no error for the caller: the outbox has the change.
   */
  async invalidate(id: CacheId, version: Version = MAX_VERSION): Promise<void> {
    const { replica, policy } = this.#entity;
    const { service, protocol, registry, log } = replica;
    const atLeast = parseVersion(version);
    const keys = registry
      .numbers(service, policy.entity)
      .map((number) => physicalKey(service, policy.entity, number, id));
    this.#entity.apply('key', typeof id === 'string' ? [id] : id, atLeast);
    const done = await Promise.allSettled([
      ...keys.map((key) => protocol.drop(key, atLeast)),
      protocol.ringRelays(),
    ]);
    const failed = done.find((result) => result.status === 'rejected');
    if (failed !== undefined) log.leftToRelay('invalidation', failed.reason, policy.entity);
  }
  /**
   * Removes every value of the entity from every cache, as a TRUNCATE of its table does: for changes that no trigger sees,
   * such as an ALTER TABLE that rewrote the rows. It goes through the outbox, so the relay does it soon after the commit.
   * With `client` it happens in the caller's transaction, and only if that commits; else in one of its own.
   * @throws the database's errors; FRESHET_COMMIT_UNKNOWN, after which it is safe to call it again
   */
  async invalidateAll(client?: QueryClient): Promise<void> {
    const { replica, policy } = this.#entity;
    const { service, origin, protocol } = replica;
    if (client !== undefined) {
      await invalidateEntity(client, service, policy.entity);
      return;
    }
    await origin.transaction((own) => invalidateEntity(own, service, policy.entity));
    protocol.ringRelays().catch(() => {
      // The relays poll too.
    });
  }
}
