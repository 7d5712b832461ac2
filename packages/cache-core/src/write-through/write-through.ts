import type { Entity, Prepared } from '../cache-aside/entity.ts';
import { memoryKey } from '../cache-aside/entity.ts';
import type { Answer, ReadManyOptions, ReadOptions } from '../cache-aside/outcome.ts';
import { Reader } from '../cache-aside/reader.ts';
import { pause } from '../clock.ts';
import { FreshetError, isFreshetError } from '../errors.ts';
import { type CacheId, encodeId, logicalKey } from '../keys/key.ts';
import { NO_VERSION, type Version } from '../keys/version.ts';
import type { StrongTransaction } from '../origin/origin.ts';
import type { QueryClient } from '../origin/query-client.ts';
import { limits, type Timings } from '../options.ts';
import type { Counters } from '../telemetry/counters.ts';
import { traceStep, traceStrongWrite } from '../telemetry/strong-write-span.ts';
import { emptyMemories, type Fence, leavesTime, lift, mayHaveEnded, Overtaken, raiseFence } from './fence.ts';
import { KeyQueue } from './key-queue.ts';

/** What a strong write left behind. */
export interface Written<R, T> {
  /** What `work` returned. */
  result: R;
  /** The row as committed; null when it is gone. */
  value: T | null;
  /** Of the row, or of its deletion. */
  version: Version;
}

const RETRY_MS = 100;

/**
 * One entity, read and written through the caches: reads and writes of one key are linearizable across all replicas, for
 * writes made here (a direct SQL write is bounded, as in cache-aside).
 *
 * A write: fence → event → barrier → transaction → publish. Writers of one key in one process queue up.
 */
export class WriteThrough<T> {
  readonly #entity: Entity<T>;
  readonly #reader: Reader<T>;
  readonly #queue = new KeyQueue(limits.writeQueue);

  /** Made by `cache.writeThrough`. */
  constructor(entity: Entity<T>) {
    this.#entity = entity;
    this.#reader = new Reader(entity);
  }

  /** The value, or null when there is no such row. @throws as `CacheAside.get` */
  get(id: CacheId): Promise<T | null> {
    return this.#reader.get(id);
  }

  /** As `get`, with the version and what the cache did. @throws as `CacheAside.read` */
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
   * Runs `work` in a transaction of its own and publishes the row that it left under `id`. Everything that `work` does must
   * go through `client`, it must change no other strong key, and it must be safe to run again: a write that was overtaken by a
   * failover begins again (after rolling back).
   * @throws what `work` throws, after rolling back
   * @throws FRESHET_COMMIT_UNKNOWN when the answer to COMMIT was lost: the change may stand; no cache serves an old value
   * @throws FRESHET_UNAVAILABLE when Redis cannot be asked to stand aside, FRESHET_STRONG_WRITE_TIMEOUT when no Redis was
   *   blessed in time or its turn came too late, FRESHET_OVERLOADED when too many writes of the key wait for their turn; all
   *   retryable, nothing was changed
   */
  async write<R>(id: CacheId, work: (client: QueryClient) => Promise<R>): Promise<Written<R, T>> {
    encodeId(id);
    const { replica, policy, counters } = this.#entity;
    return await traceStrongWrite(replica.service, policy.entity, async () => {
      try {
        const written = await this.#write(id, work);
        counters.strongWrites.committed++;
        return written;
      } catch (error) {
        counters.strongWrites[outcomeOf(error)]++;
        throw error;
      }
    });
  }

  async #write<R>(id: CacheId, work: (client: QueryClient) => Promise<R>): Promise<Written<R, T>> {
    const { clock, timings } = this.#entity.replica;
    const deadline = clock.monotonicMs() + timings.strongWriteMs;
    return await this.#queue.run(memoryKey(id), async () => {
      traceStep('turn');
      // Whoever asked has probably gone, and tries again: the write would be made twice.
      if (clock.monotonicMs() > deadline) throw tooLate(timings, 'the writes before it took too long');
      for (;;) {
        try {
          return await this.#attempt(id, work);
        } catch (error) {
          if (!(error instanceof Overtaken)) throw error;
          traceStep('overtaken');
          if (clock.monotonicMs() + RETRY_MS > deadline) {
            throw tooLate(timings, error.message, error);
          }
          await pause(clock, RETRY_MS);
        }
      }
    });
  }

  async #attempt<R>(id: CacheId, work: (client: QueryClient) => Promise<R>): Promise<Written<R, T>> {
    const { replica, policy } = this.#entity;
    const fence = await this.#raise(id);
    let transaction: StrongTransaction;
    try {
      transaction = await this.#begin(fence);
    } catch (error) {
      await lift(fence);
      throw error;
    }
    traceStep('begun');
    let written: { result: R; prepared: Prepared<T>; version: Version };
    try {
      const result = await work(transaction.client);
      await transaction.runDeferred();
      written = { result, ...(await this.#readAgain(id, transaction, fence)) };
      traceStep('work_done');
    } catch (error) {
      await transaction.rollback();
      traceStep('rolled_back');
      await lift(fence);
      throw error;
    }
    try {
      await transaction.commit();
    } catch (error) {
      // Unknown: the fence stands to its deadline, and the outbox row, if it committed, does the rest.
      if (!isFreshetError(error, 'FRESHET_COMMIT_UNKNOWN')) await lift(fence);
      throw error;
    }
    traceStep('committed');
    const { result, prepared, version } = written;
    // Under a schema version that was not registered when the transaction began, another writer's fence does not stand.
    const registered = transaction.check.schemaVersions.includes(policy.schemaVersion);
    const stored =
      prepared.version === NO_VERSION || !registered
        ? null
        : { number: policy.schemaVersion, entry: prepared.entry, ttlMs: prepared.keepMs };
    await fence.publish(version, stored).catch((error: unknown) => {
      replica.log.leftToRelay('publication', error, policy.entity);
    });
    traceStep('published');
    await this.#catchUp(id, fence);
    replica.protocol.ringRelays().catch(() => {
      // The relays poll too.
    });
    return { result, value: prepared.value, version };
  }

  /**
   * When the COMMIT took so long that the fence may have ended before it, replicas may have remembered the old value since:
   * nobody is told of the write before they have forgotten it. (transaction_timeout does not end a COMMIT that is under way.)
   */
  async #catchUp(id: CacheId, fence: Fence): Promise<void> {
    const { replica, policy } = this.#entity;
    const { clock, timings } = replica;
    if (!mayHaveEnded(fence.ageMs(), timings)) return;
    const deadline = clock.monotonicMs() + timings.strongWriteMs;
    const key = logicalKey(replica.service, policy.entity, id);
    await emptyMemories(replica, key, fence, () => clock.monotonicMs() < deadline).catch((error: unknown) => {
      replica.log.leftToRelay('late commit', error, policy.entity);
    });
  }

  async #raise(id: CacheId): Promise<Fence> {
    this.#entity.counters.fences++;
    try {
      return await raiseFence(this.#entity.replica, this.#entity.policy.entity, id);
    } catch (error) {
      if (error instanceof Overtaken) throw error;
      throw new FreshetError(
        'FRESHET_UNAVAILABLE',
        'The cache Redis did not answer, so caches cannot be told to stand aside. Nothing was changed; try again shortly.',
        { retryable: true, cause: error },
      );
    }
  }

  /** Begins, and makes sure that the COMMIT will fall inside of the fence and under the blessing that fenced. */
  async #begin(fence: Fence): Promise<StrongTransaction> {
    const { service, origin, registry, timings } = this.#entity.replica;
    const { entity } = this.#entity.policy;
    const transaction = await origin.beginStrong({
      service,
      entity,
      transactionMs: timings.strongTransactionMs,
      lockMs: timings.lockTimeoutMs,
    });
    const { newestBlessing, schemaVersions, strongTransactionMs, commitsSynchronously } = transaction.check;
    try {
      if (commitsSynchronously) throw waitsForStandby();
      if (newestBlessing !== fence.blessing)
        throw new Overtaken('a newer blessing was recorded, or Postgres is another now');
      if (strongTransactionMs !== null && timings.strongTransactionMs > strongTransactionMs) {
        throw new FreshetError(
          'FRESHET_INVALID_OPTIONS',
          `This domain allows strong transactions of ${strongTransactionMs} ms; this replica wants ${timings.strongTransactionMs} ms.`,
        );
      }
      registry.learn(service, entity, schemaVersions);
      if (!schemaVersions.every((number) => fence.numbers.includes(number))) {
        throw new Overtaken('a schema version was registered that is not fenced');
      }
      if (!leavesTime(fence.ageMs(), timings)) {
        throw new Overtaken('too little is left of the fence');
      }
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    return transaction;
  }

  async #readAgain(
    id: CacheId,
    transaction: StrongTransaction,
    { blessing }: Fence,
  ): Promise<{ prepared: Prepared<T>; version: Version }> {
    const { policy, replica } = this.#entity;
    const startedAt = replica.clock.monotonicMs();
    // The server ends the transaction in time, and with it this load.
    const { signal } = new AbortController();
    const loaded = await policy.load(id, { signal, client: transaction.client });
    const prepared = this.#entity.prepare(loaded, blessing, replica.clock.monotonicMs() - startedAt);
    return { prepared, version: loaded === null ? await transaction.deletionVersion() : prepared.version };
  }
}

/** What became of a strong write that threw. */
function outcomeOf(error: unknown): Exclude<keyof Counters['strongWrites'], 'committed'> {
  if (isFreshetError(error, 'FRESHET_COMMIT_UNKNOWN')) return 'unknown';
  if (isFreshetError(error, 'FRESHET_UNAVAILABLE')) return 'unavailable';
  if (isFreshetError(error, 'FRESHET_STRONG_WRITE_TIMEOUT')) return 'timeout';
  if (isFreshetError(error, 'FRESHET_OVERLOADED')) return 'overloaded';
  return 'rolled-back';
}

/** A standby that hangs would let the COMMIT stand long after its fence has ended. */
export function waitsForStandby(): FreshetError {
  return new FreshetError(
    'FRESHET_INVALID_OPTIONS',
    'transaction_timeout does not end a COMMIT that waits for a synchronous standby. Set synchronous_commit = local for the role that makes strong writes.',
  );
}

function tooLate({ strongWriteMs }: Timings, why: string, cause?: Error): FreshetError {
  return new FreshetError(
    'FRESHET_STRONG_WRITE_TIMEOUT',
    `No strong write was possible within ${strongWriteMs} ms: ${why}. Nothing was changed.`,
    { retryable: true, cause },
  );
}
