import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { CacheAside } from './cache-aside/cache-aside.ts';
import { Entity } from './cache-aside/entity.ts';
import { OriginGate } from './cache-aside/origin-gate.ts';
import { compilePolicy, type PolicyOptions } from './cache-aside/policy.ts';
import { SchemaRegistry } from './cache-aside/schema-registry.ts';
import { systemClock } from './clock.ts';
import { FreshetError } from './errors.ts';
import { type Doorbell, listen } from './freshness-lease/doorbell.ts';
import { FreshnessLease, type LeaseLoss } from './freshness-lease/freshness-lease.ts';
import { assertName, parseLogicalKey } from './keys/key.ts';
import type { L1Bounds } from './l1/l1.ts';
import type { LogEntry } from './log/log-entry.ts';
import { compileTimings, limits, type Timings } from './options.ts';
import type { Origin } from './origin/origin.ts';
import { replicaDoorbell } from './redis/protocol.ts';
import { redisProtocol } from './redis/redis-protocol.ts';
import type { Replica } from './replica.ts';
import { traceApply } from './telemetry/apply-span.ts';
import { CacheLog, type Logger } from './telemetry/cache-log.ts';
import { type EntityStats, statsOf } from './telemetry/counters.ts';
import { publishMetrics } from './telemetry/metrics.ts';
import { WriteThrough } from './write-through/write-through.ts';

export interface CacheOptions {
  /** First part of every key. */
  service: string;
  /** Names this process for operators, for example `user-service-1`. Default: the service. */
  instance?: string;
  /** From `connectRedis`. The cache listens on a duplicate of it; closing both connections is the cache's and yours. */
  redis: Redis;
  origin: Origin;
  /** Bounds of each entity's part of L1. Default: 10,000 entries, any number of bytes. */
  l1?: Partial<L1Bounds>;
  /** Loads from the origin that run at the same time in this process. Default 16; another 1,000 may wait. */
  loadConcurrency?: number;
  /** A pino logger fits. Reads are logged at debug level. */
  logger?: Logger;
  /** Share of the reads that are logged, 0 to 1. Default 1. */
  logSample?: number;
  timings?: Partial<Timings>;
}

export interface CacheState {
  /** `l1`: this process's memory may answer. `degraded`: Redis does, or the origin, as each policy says. */
  mode: 'l1' | 'degraded';
  lease: { held: boolean; reason?: LeaseLoss };
  /** The number of the blessing under which this replica reads; null before it got an answer. */
  blessing: number | null;
  replicaId: string;
}

/** One replica: one `createCache` in one process. */
export interface Cache {
  /** Cache-aside: bounded staleness. @throws FRESHET_INVALID_OPTIONS */
  aside<T>(options: PolicyOptions<T>): CacheAside<T>;
  /** Write-through: linearizable per key. @throws FRESHET_INVALID_OPTIONS */
  writeThrough<T>(options: PolicyOptions<T>): WriteThrough<T>;
  /**
   * Begins to renew the freshness lease; call it after the last entity was defined. Waits for neither Redis nor a
   * relay: until the first lease the reads are answered as each policy says.
   * @throws FRESHET_INVALID_OPTIONS when a policy promises more than the domain's limits allow, or when strong writes would
   *   commit over a synchronous standby
   */
  start(): Promise<void>;
  state(): CacheState;
  /** By entity. */
  stats(): Record<string, EntityStats>;
  /** Gives the lease back and stops listening. Reads go on from Redis and the origin. */
  close(): Promise<void>;
}

/** @throws FRESHET_INVALID_OPTIONS */
export function createCache(options: CacheOptions): Cache {
  return new ReplicaCache(options);
}

class ReplicaCache implements Cache {
  readonly #options: CacheOptions;
  readonly #replicaId: string;
  readonly #replica: Replica;
  readonly #entities = new Map<string, Entity<unknown>>();
  #doorbell: Doorbell | undefined;
  #stopMetrics: () => void = () => {};

  constructor(options: CacheOptions) {
    const { service, origin, redis } = options;
    assertName('service', service);
    this.#options = options;
    // Random and never used again: a process that comes back must not be taken for the one that died.
    this.#replicaId = `${options.instance ?? service}.${randomBytes(8).toString('hex')}`;
    const clock = systemClock;
    const timings = compileTimings(options.timings ?? {});
    const protocol = redisProtocol(redis, origin.name);
    const log = new CacheLog(options.logger, options.logSample ?? 1, Math.random);
    const lease = new FreshnessLease({
      protocol,
      clock,
      replicaId: this.#replicaId,
      leaseMs: timings.leaseMs,
      renewEveryMs: timings.renewEveryMs,
      apply: (entry) => traceApply(entry, this.#replicaId, () => this.#apply(entry)),
      flush: () => this.#flush(),
      onChange: (state) => {
        const reason = state.held ? {} : { reason: state.reason };
        log.logger?.info(
          { held: state.held, ...reason },
          state.held ? 'freshness lease held' : 'freshness lease lost',
        );
      },
    });
    this.#replica = {
      service,
      protocol,
      origin,
      lease,
      clock,
      log,
      timings,
      registry: new SchemaRegistry(origin, clock),
      gate: new OriginGate({
        clock,
        concurrency: options.loadConcurrency ?? limits.loadConcurrency,
        queue: limits.loadQueue,
        timeoutMs: timings.loadTimeoutMs,
      }),
      random: Math.random,
      token: () => randomBytes(12).toString('base64url'),
    };
  }

  aside<T>(options: PolicyOptions<T>): CacheAside<T> {
    return new CacheAside(this.#define(options, false));
  }

  writeThrough<T>(options: PolicyOptions<T>): WriteThrough<T> {
    return new WriteThrough(this.#define(options, true));
  }

  async start(): Promise<void> {
    const { origin, lease, registry, clock, service } = this.#replica;
    await this.#checkDomain();
    await registry.register();
    this.#stopMetrics = publishMetrics({ service, lease, entities: () => this.#entities.values() });
    this.#doorbell = listen(this.#options.redis, replicaDoorbell(origin.name), clock, () => lease.renew());
    lease.start();
  }

  state(): CacheState {
    const { lease } = this.#replica;
    const { state, blessing } = lease;
    return {
      mode: state.held ? 'l1' : 'degraded',
      lease: state.held ? { held: true } : { held: false, reason: state.reason },
      blessing: blessing === 0 ? null : blessing,
      replicaId: this.#replicaId,
    };
  }

  stats(): Record<string, EntityStats> {
    const byEntity = [...this.#entities].map(
      ([name, { counters, l1 }]) => [name, statsOf(counters, l1.size)] as const,
    );
    return Object.fromEntries(byEntity);
  }

  async close(): Promise<void> {
    this.#stopMetrics();
    this.#replica.registry.close();
    await this.#replica.lease.close();
    await this.#doorbell?.close();
  }

  #define<T>(options: PolicyOptions<T>, strong: boolean): Entity<T> {
    const policy = compilePolicy(options, strong, this.#replica.timings);
    if (this.#entities.has(policy.entity)) {
      throw new FreshetError('FRESHET_INVALID_OPTIONS', `Entity ${policy.entity} is defined twice.`);
    }
    const bounds = { maxEntries: limits.l1MaxEntries, ...this.#options.l1 };
    const entity = new Entity(this.#replica, policy, bounds);
    this.#entities.set(policy.entity, entity as Entity<unknown>);
    return entity;
  }

  /** What cannot be asked now is enforced later all the same: renewals cap the lease, strong writes check their limit. */
  async #checkDomain(): Promise<void> {
    const { origin } = this.#replica;
    const policies = [...this.#entities.values()].map(({ policy }) => policy);
    const maxStalenessMs = (await origin.limits().catch(() => null))?.maxStalenessMs ?? limits.maxStalenessMs;
    const tooLong = policies.find((policy) => (policy.maxStalenessMs ?? 0) > maxStalenessMs);
    if (tooLong !== undefined) {
      throw new FreshetError(
        'FRESHET_INVALID_OPTIONS',
        `Entity ${tooLong.entity}: maxStaleness ${tooLong.maxStalenessMs} ms is beyond the limit of domain ${origin.name}, ${maxStalenessMs} ms.`,
      );
    }
    if (policies.some(({ strong }) => strong) && (await origin.commitsSynchronously().catch(() => false))) {
      throw new FreshetError(
        'FRESHET_INVALID_OPTIONS',
        'transaction_timeout does not end a COMMIT that waits for a synchronous standby. Set synchronous_commit = local for the role that makes strong writes.',
      );
    }
  }

  #apply(entry: LogEntry): void {
    const { service, entity, idParts } = parseLogicalKey(entry.key);
    if (service !== this.#options.service) return;
    this.#entities.get(entity)?.apply(entry.kind, idParts, entry.version);
  }

  #flush(): void {
    for (const entity of this.#entities.values()) entity.flush();
  }
}
