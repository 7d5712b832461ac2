import { CacheAside } from './cache-aside/cache-aside.ts';
import { Entity } from './cache-aside/entity.ts';
import { OriginGate } from './cache-aside/origin-gate.ts';
import { compilePolicy, type PolicyOptions } from './cache-aside/policy.ts';
import { SchemaRegistry } from './cache-aside/schema-registry.ts';
import type { Clock } from './clock.ts';
import { FreshetError } from './errors.ts';
import type { Doorbell } from './freshness-lease/doorbell.ts';
import { FreshnessLease } from './freshness-lease/freshness-lease.ts';
import { LeftBehind } from './freshness-lease/left-behind.ts';
import type { LeaseLoss } from './freshness-lease/lease-state.ts';
import { ReplicaInspection } from './inspection/replica-inspection.ts';
import { parseLogicalKey } from './keys/key.ts';
import type { L1Bounds } from './l1/l1.ts';
import type { LogEntry } from './log/log-entry.ts';
import { checkAgainstDomain, compileTimings, limits, type Timings } from './options.ts';
import type { Origin } from './origin/origin.ts';
import type { Protocol } from './redis/protocol.ts';
import type { Replica } from './replica.ts';
import { traceApply } from './telemetry/apply-span.ts';
import { CacheLog, type Logger } from './telemetry/cache-log.ts';
import { type EntityStats, statsOf } from './telemetry/counters.ts';
import { Measures } from './telemetry/measures.ts';
import { publishMetrics } from './telemetry/publish-metrics.ts';
import { waitsForStandby, WriteThrough } from './write-through/write-through.ts';

/** What one replica is made of: the outside world behind ports, so that a simulation can be that world. */
export interface ReplicaParts {
  service: string;
  /** Names the process for operators; default: the service. */
  instance?: string;
  replicaId: string;
  protocol: Protocol;
  origin: Origin;
  /** Why there is no connection to Redis, where something can be said of it. */
  connectionTrouble?: () => string | undefined;
  /** Connects anew, where another server may answer then; not there where it cannot. */
  reconnect?: () => void;
  /** Calls back when the replicas' doorbell rings, and for the answer to an operator's question; null: there is none. */
  listen: (
    onRing: () => void,
    onQuestion: (question: string) => { channel: string; text: string } | null,
  ) => Doorbell;
  clock: Clock;
  /** [0, 1) */
  random: () => number;
  /** Never the same twice, in any process. */
  token: () => string;
  l1?: Partial<L1Bounds>;
  loadConcurrency?: number;
  logger?: Logger;
  logSample?: number;
  timings?: Partial<Timings>;
}

export interface CacheState {
  /** `l1`: this process's memory may answer. `degraded`: Redis does, or the origin, as each policy says. */
  mode: 'l1' | 'degraded';
  lease: {
    held: boolean;
    reason?: LeaseLoss;
    /** What the connection to Redis failed with last, such as `connect ECONNREFUSED …` or `WRONGPASS …`. */
    connection?: string;
  };
  /** The number of the blessing under which this replica reads; null before it got an answer. */
  blessing: number | null;
  replicaId: string;
}

/** One replica: one `createCache` in one process. */
export interface Cache {
  /** Cache-aside: bounded staleness. @throws FRESHET_INVALID_OPTIONS; also once `start` was called */
  aside<T>(options: PolicyOptions<T>): CacheAside<T>;
  /** Write-through: linearizable per key. @throws FRESHET_INVALID_OPTIONS; also once `start` was called */
  writeThrough<T>(options: PolicyOptions<T>): WriteThrough<T>;
  /**
   * Begins to renew the freshness lease; call it once, after the last entity was defined. Waits for neither Redis nor a
   * relay: until the first lease the reads are answered as each policy says.
   * @throws FRESHET_INVALID_OPTIONS when a policy or a timing does not fit the domain's limits, when strong writes would
   *   commit over a synchronous standby, or when it was called before
   */
  start(): Promise<void>;
  state(): CacheState;
  /** By entity. */
  stats(): Record<string, EntityStats>;
  /** Gives the lease back and stops listening. Reads go on from Redis and the origin. */
  close(): Promise<void>;
}

export class ReplicaCache implements Cache {
  readonly #parts: ReplicaParts;
  readonly #replica: Replica;
  readonly #entities = new Map<string, Entity<unknown>>();
  readonly #inspection: ReplicaInspection;
  #started = false;
  #doorbell: Doorbell | undefined;
  readonly #leftBehind: LeftBehind | undefined;
  #stopMetrics: () => void = () => {};

  constructor(parts: ReplicaParts) {
    const { service, replicaId, protocol, origin, clock, random, token } = parts;
    const timings = compileTimings(parts.timings ?? {});
    const log = new CacheLog(parts.logger, parts.logSample ?? 1, random, clock);
    const measures = new Measures(service);
    this.#parts = parts;
    this.#replica = {
      service,
      protocol,
      origin,
      clock,
      log,
      measures,
      timings,
      random,
      token,
      lease: new FreshnessLease({
        protocol,
        clock,
        replicaId,
        leaseMs: timings.leaseMs,
        renewEveryMs: timings.renewEveryMs,
        apply: (entry) => traceApply(entry, replicaId, () => this.#apply(entry)),
        onApplied: (entries, redisMs) => measures.applied(entries, redisMs),
        flush: () => this.#flush(),
        onVoided: () => this.#replica.registry.voided(),
        onChange: (state) => log.lease(state, parts.connectionTrouble?.()),
      }),
      registry: new SchemaRegistry(origin, clock, log, () => this.#replica.lease.validFrom),
      gate: new OriginGate({
        clock,
        concurrency: parts.loadConcurrency ?? limits.loadConcurrency,
        queue: limits.loadQueue,
        timeoutMs: timings.loadTimeoutMs,
      }),
    };
    const { instance = service, reconnect } = parts;
    if (reconnect !== undefined) {
      this.#leftBehind = new LeftBehind({
        clock,
        random,
        isLeased: () => this.#replica.lease.state.held,
        reconnect: () => {
          reconnect();
          this.#doorbell?.reconnect?.();
        },
      });
    }
    this.#inspection = new ReplicaInspection({
      replicaId,
      instance,
      replica: this.#replica,
      entities: this.#entities,
    });
  }

  aside<T>(options: PolicyOptions<T>): CacheAside<T> {
    return new CacheAside(this.#define(options, false));
  }

  writeThrough<T>(options: PolicyOptions<T>): WriteThrough<T> {
    return new WriteThrough(this.#define(options, true));
  }

  async start(): Promise<void> {
    const { lease, registry, service, clock } = this.#replica;
    if (this.#started) throw new FreshetError('FRESHET_INVALID_OPTIONS', 'This cache was started before.');
    this.#started = true;
    await this.#checkDomain();
    await registry.register();
    this.#stopMetrics = publishMetrics({ service, lease, clock, entities: () => this.#entities.values() });
    this.#doorbell = this.#parts.listen(
      () => lease.renew(),
      (question) => this.#inspection.answer(question),
    );
    lease.start();
    this.#leftBehind?.start();
  }

  state(): CacheState {
    const { lease } = this.#replica;
    const { state, blessing } = lease;
    const connection = this.#parts.connectionTrouble?.();
    return {
      mode: state.held ? 'l1' : 'degraded',
      lease: state.held
        ? { held: true }
        : { held: false, reason: state.reason, ...(connection !== undefined && { connection }) },
      blessing: blessing === 0 ? null : blessing,
      replicaId: this.#parts.replicaId,
    };
  }

  stats(): Record<string, EntityStats> {
    const byEntity = [...this.#entities].map(
      ([name, { counters, l1 }]) => [name, statsOf(counters, l1.size)] as const,
    );
    return Object.fromEntries(byEntity);
  }

  /** Keys that are being loaded, and loads at the origin: none once everybody has been answered. */
  loadsUnderWay(): number {
    const loading = [...this.#entities.values()].reduce((sum, { flights }) => sum + flights.size, 0);
    return loading + this.#replica.gate.running;
  }

  async close(): Promise<void> {
    this.#stopMetrics();
    this.#leftBehind?.close();
    this.#replica.registry.close();
    await this.#replica.lease.close();
    await this.#doorbell?.close();
  }

  #define<T>(options: PolicyOptions<T>, strong: boolean): Entity<T> {
    const policy = compilePolicy(options, strong, this.#replica.timings);
    if (this.#started) {
      // Its schema version would be registered too late, and nobody would have checked its bound.
      throw new FreshetError(
        'FRESHET_INVALID_OPTIONS',
        `Entity ${policy.entity} is defined after the cache was started. Define every entity first.`,
      );
    }
    if (this.#entities.has(policy.entity)) {
      throw new FreshetError('FRESHET_INVALID_OPTIONS', `Entity ${policy.entity} is defined twice.`);
    }
    const bounds = { maxEntries: limits.l1MaxEntries, ...this.#parts.l1 };
    const entity = new Entity(this.#replica, policy, bounds);
    this.#entities.set(policy.entity, entity as Entity<unknown>);
    return entity;
  }

  /** What cannot be asked now is enforced later all the same: renewals cap the lease, strong writes check their limits. */
  async #checkDomain(): Promise<void> {
    const { origin, timings } = this.#replica;
    const policies = [...this.#entities.values()].map(({ policy }) => policy);
    const strong = policies.some((policy) => policy.strong);
    const domain = (await origin.limits().catch(() => null)) ?? limits;
    const tooLong = policies.find((policy) => (policy.maxStalenessMs ?? 0) > domain.maxStalenessMs);
    if (tooLong !== undefined) {
      throw new FreshetError(
        'FRESHET_INVALID_OPTIONS',
        `Entity ${tooLong.entity}: maxStaleness ${tooLong.maxStalenessMs} ms is beyond the limit of domain ${origin.name}, ${domain.maxStalenessMs} ms.`,
      );
    }
    checkAgainstDomain(timings, domain.leaseMs, strong);
    if (strong && (await origin.commitsSynchronously().catch(() => false))) throw waitsForStandby();
  }

  #apply(entry: LogEntry): void {
    const { service, entity, idParts } = parseLogicalKey(entry.key);
    if (service !== this.#parts.service) return;
    this.#entities.get(entity)?.apply(entry.kind, idParts, entry.version);
  }

  #flush(): void {
    for (const entity of this.#entities.values()) entity.flush();
  }
}
