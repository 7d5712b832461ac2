import { type Clock, pause } from '../clock.ts';
import type { Origin, SchemaVersion } from '../origin/origin.ts';
import type { CacheLog } from '../telemetry/cache-log.ts';

const RETRY_MS = 500;
const TOUCH_MS = 60_000;
/** Longer is not waited for; until it is done nothing is filled. */
const AGAIN_WITHIN_MS = 1_000;
/** A relay forgets what was not used for its TTL and a day. A process that slept for so long must not go on filling. */
const LAPSES_AFTER_MS = 12 * 3_600_000;

/**
 * The schema versions that live replicas use. This replica's own are recorded in the domain's Postgres before its first
 * fill lease, so that every invalidation reaches what it fills; until then it caches nothing in L2.
 */
export class SchemaRegistry {
  readonly #origin: Pick<Origin, 'registerSchemaVersions' | 'schemaVersions'>;
  readonly #clock: Clock;
  readonly #log: Pick<CacheLog, 'failed' | 'done'>;
  readonly #validFrom: () => number;
  readonly #own: (SchemaVersion & { ttlMs: number })[] = [];
  readonly #known = new Map<string, number[]>();
  #registeredUntil = Number.NEGATIVE_INFINITY;
  /** The newest blessing that was known to be recorded before this was registered. The domain's very first, 1, may come after. */
  #recordedBefore = 1;
  #failing = false;
  #closed = false;
  #cancel: () => void = () => {};

  constructor(
    origin: Pick<Origin, 'registerSchemaVersions' | 'schemaVersions'>,
    clock: Clock,
    log: Pick<CacheLog, 'failed' | 'done'>,
    /** L2 entries of an older blessing are void; 0 before the first renewal. */
    validFrom: () => number,
  ) {
    this.#validFrom = validFrom;
    this.#origin = origin;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether this replica may take fill leases. */
  get registered(): boolean {
    return this.#clock.wallMs() < this.#registeredUntil && this.#validFrom() <= this.#recordedBefore;
  }

  /**
   * L2 was voided. ● Perhaps Postgres failed over or was restored, and knows nothing of what was registered before: then the
   * relays would not drop what is filled here. So it is registered again, before the first fill.
   */
  async voided(): Promise<void> {
    if (this.#validFrom() > this.#recordedBefore)
      await Promise.race([this.register(), pause(this.#clock, AGAIN_WITHIN_MS)]);
  }

  add(version: SchemaVersion & { ttlMs: number }): void {
    this.#own.push(version);
    this.learn(version.service, version.entity, [version.number]);
  }

  /** Every schema version of an entity that is known here, this replica's own included. */
  numbers(service: string, entity: string): readonly number[] {
    return this.#known.get(`${service}:${entity}`) ?? [];
  }

  learn(service: string, entity: string, numbers: readonly number[]): void {
    const key = `${service}:${entity}`;
    this.#known.set(key, [...new Set([...(this.#known.get(key) ?? []), ...numbers])]);
  }

  /** Registers, again and again: at once, after failures, and to note that the versions are in use. Never throws. */
  async register(): Promise<void> {
    let next = TOUCH_MS;
    const askedAt = this.#clock.wallMs();
    const validFrom = this.#validFrom();
    try {
      const newestBlessing = await this.#origin.registerSchemaVersions(this.#own);
      for (const { service, entity, number } of await this.#origin.schemaVersions()) {
        this.learn(service, entity, [number]);
      }
      this.#registeredUntil = askedAt + LAPSES_AFTER_MS;
      this.#recordedBefore = Math.max(this.#recordedBefore, validFrom, newestBlessing);
      if (this.#failing) this.#log.done('schema versions are registered');
      this.#failing = false;
    } catch (error) {
      next = RETRY_MS;
      if (!this.#failing) {
        const meanwhile = this.registered
          ? 'they stay known for half a day'
          : 'nothing is kept in Redis meanwhile';
        this.#log.failed(`schema versions could not be registered: ${meanwhile}`, error);
      }
      this.#failing = true;
    }
    this.#cancel();
    if (!this.#closed) this.#cancel = this.#clock.after(next, () => void this.register());
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }
}
