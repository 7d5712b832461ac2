import { randomUUID } from 'node:crypto';
import { FreshetError } from '../errors.ts';
import type { PolicyLease } from '../freshness-lease/policy-lease.ts';
import type { HeldEntry } from '../inspection/question.ts';
import { type CacheId, encodeId, logicalKey } from '../keys/key.ts';
import { NO_VERSION, parseVersion, type Version } from '../keys/version.ts';
import { L1, type L1Bounds } from '../l1/l1.ts';
import { encodeEntry } from '../l2/value.ts';
import type { LogEntry } from '../log/log-entry.ts';
import type { Replica } from '../replica.ts';
import { Counters } from '../telemetry/counters.ts';
import { type Told, traceNotKept } from '../telemetry/read-span.ts';
import { jittered } from '../ttl/ttl.ts';
import { Flights, type Load } from './flights.ts';
import { frozen } from './freeze.ts';
import type { Answer } from './outcome.ts';
import type { Loaded, Policy } from './policy.ts';

/** A value as it is handed out, with its entry for L2. */
export interface Prepared<T> {
  value: T | null;
  version: Version;
  entry: string;
  ttlMs: number;
  /** How long L2 keeps it: its TTL, and as long as it may be served when the origin fails. */
  keepMs: number;
  costMs: number;
}

/** What is known of a value that is to enter L1. */
export interface Keepable<T> {
  value: T | null;
  version: Version;
  ttlMs: number;
  costMs: number;
  /** Length of its JSON. */
  bytes: number;
}

/** What one replica holds of one entity: its part of L1, the loads under way, and what an invalidation does to both. */
export class Entity<T> {
  readonly replica: Replica;
  readonly policy: Policy<T>;
  readonly lease: PolicyLease;
  readonly l1: L1<T>;
  readonly flights = new Flights<Answer<T> & Told>();
  readonly counters = new Counters();

  constructor(replica: Replica, policy: Policy<T>, l1: L1Bounds) {
    this.replica = replica;
    this.policy = policy;
    this.lease = replica.lease.policy(policy.maxStalenessMs);
    this.l1 = new L1({ ...l1, ...policy.l1 });
    const { entity, schemaVersion } = policy;
    const ttlMs = policy.ttlMs + policy.staleIfErrorMs;
    replica.registry.add({ service: replica.service, entity, number: schemaVersion, ttlMs });
  }

  apply(kind: LogEntry['kind'], idParts: readonly string[] | null, version: Version): void {
    this.counters.invalidations++;
    if (kind === 'entity' || idParts === null) {
      this.flush();
      return;
    }
    const key = memoryKey(idParts);
    // A fence says that a strong write may commit from now on, whatever version is held.
    if (kind === 'fence') this.l1.remove(key);
    else this.l1.removeOlder(key, version);
    this.flights.markDirty(key);
  }

  flush(): void {
    this.l1.clear();
    this.flights.markAllDirty();
  }

  /** Into L1, unless an invalidation came while `load` ran or nothing proves that none was missed. */
  keep(key: string, load: Load, { value, version, ttlMs, costMs, bytes }: Keepable<T>): void {
    const { l1, lease, policy, replica } = this;
    traceNotKept(load.dirty, () => lease.valid());
    if (load.dirty || ttlMs <= 0 || !lease.valid()) return;
    const since = replica.clock.wallMs();
    const expiresAt = since + ttlMs;
    // Drawn once instead of by each reader: a hit then compares one number, with or without an early refresh.
    const early =
      policy.refreshAhead === 0 || version === NO_VERSION
        ? 0
        : policy.refreshAhead * Math.max(1, costMs) * -Math.log(1 - replica.random());
    l1.put(key, { value, version, since, expiresAt, refreshAt: expiresAt - early }, bytes);
  }

  /** What memory holds of a key, for operators: no reader is told, and nothing is kept longer for it. */
  held(idParts: readonly string[]): HeldEntry | null {
    const entry = this.l1.peek(memoryKey(idParts));
    if (entry === undefined) return null;
    const { clock, service } = this.replica;
    const now = clock.wallMs();
    const ttlMs = Math.max(0, entry.expiresAt - now);
    return {
      key: logicalKey(service, this.policy.entity, idParts),
      version: entry.version,
      found: entry.value !== null,
      ageMs: Math.max(0, now - entry.since),
      ttlMs,
      served: ttlMs > 0 && this.lease.valid(),
    };
  }

  /** As `held`, of some entries that stand together somewhere. */
  sampleHeld(count: number): HeldEntry[] {
    if (count === 0) return [];
    const { random } = this.replica;
    const beginnings = Math.min(this.l1.size, MOST_PASSED) - count + 1;
    const from = Math.floor(random() * Math.max(1, beginnings));
    const ids = this.l1.some(count, from, random() < 0.5 ? 'most-recent' : 'least-recent');
    return ids.map((id) => this.held(id.split(SEPARATOR))).filter((entry) => entry !== null);
  }

  /**
   * A loaded value as L2 holds it and as every reader sees it, whichever layer answers: what JSON makes of it.
   * @throws FRESHET_INVALID_VALUE, FRESHET_INVALID_VERSION
   */
  prepare(loaded: Loaded<T> | null | undefined, blessing: number, costMs: number): Prepared<T> {
    const { clock, random } = this.replica;
    if (loaded === undefined) {
      // Most often something was forgotten: cached as 'not found' it would hide a row.
      throw new FreshetError(
        'FRESHET_INVALID_VALUE',
        `Entity ${this.policy.entity}: load answered undefined. Answer null where there is no row.`,
      );
    }
    const ttlMs = jittered(loaded === null ? this.policy.negativeTtlMs : this.policy.ttlMs, random);
    const version = loaded === null ? NO_VERSION : parseVersion(loaded.version);
    const payload = loaded === null ? null : this.policy.encode(loaded.value);
    const cost = Math.round(costMs);
    const entry = encodeEntry({
      version,
      blessing,
      at: Math.round(clock.wallMs()),
      ttl: ttlMs,
      cost,
      payload,
    });
    const { d } = JSON.parse(entry) as { d: unknown };
    // What has no version is replaced by nobody in place, so it would only hide the key.
    const keepMs = version === NO_VERSION ? ttlMs : ttlMs + this.policy.staleIfErrorMs;
    const value = loaded === null ? null : frozen(this.#validated(d));
    return { value, version, entry, ttlMs, keepMs, costMs: cost };
  }

  #validated(payload: unknown): T {
    try {
      return this.policy.decode(payload);
    } catch (error) {
      throw new FreshetError(
        'FRESHET_INVALID_VALUE',
        `Entity ${this.policy.entity}: decode refuses a value that load returned. Correct whichever of them is wrong.`,
        { cause: error },
      );
    }
  }
}

/** Entries that a search for some in the middle walks past: 0.1 ms. */
const MOST_PASSED = 5_000;

/** In no id, not even in one that nobody has checked yet, unless it was guessed. */
const SEPARATOR = randomUUID();

/** Whether it looks like an id at all: callers in JavaScript pass undefined, and numbers. */
export function isId(id: unknown): boolean {
  return typeof id === 'string' || Array.isArray(id);
}

/**
 * The key in L1 and among the loads: an id as it is, so that a hit builds no string, and checks none.
 * @throws FRESHET_INVALID_ID for what is none at all
 */
export function memoryKey(id: CacheId): string {
  if (typeof id === 'string') return id;
  if (!isId(id)) encodeId(id);
  return id.length === 1 ? (id[0] ?? '') : id.join(SEPARATOR);
}
