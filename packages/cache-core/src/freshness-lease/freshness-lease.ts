import type { Clock } from '../clock.ts';
import { AppliedMemory } from '../inspection/applied-memory.ts';
import type { Renewal } from '../log/coherence-log.ts';
import type { LogEntry } from '../log/log-entry.ts';
import { drift, limits } from '../options.ts';
import type { Protocol } from '../redis/protocol.ts';
import { outsideTraces } from '../telemetry/trace-context.ts';
import { LeaseRecord } from './lease-record.ts';
import type { LeaseLoss, LeaseState } from './lease-state.ts';
import { PolicyLease, type Proof, WallClockGuard } from './policy-lease.ts';

export interface FreshnessLeaseOptions {
  /** The part of the protocol that is used. */
  protocol: Pick<Protocol, 'generation' | 'onConnection' | 'renew' | 'release'>;
  clock: Clock;
  replicaId: string;
  leaseMs: number;
  renewEveryMs: number;
  /** Applies one invalidation to this process's memory before the lease is extended. */
  apply: (entry: LogEntry) => void;
  /** Called with what was applied together, and with Redis's clock when it was read. */
  onApplied?: (entries: readonly (LogEntry | null)[], redisMs: number) => void;
  /** Forgets everything: what was invalidated in between is not known. */
  flush: () => void;
  /** Called when all that L2 holds may have become void; the next renewal waits for it. */
  onVoided?: () => Promise<void>;
  onChange: (state: LeaseState) => void;
}

/**
 * A replica's right to answer from its own memory, renewed by reading the invalidation log to its end.
 *
 * At most one renewal is in flight and at most one more is wanted behind it. It is sent every `renewEveryMs`, when the
 * doorbell rings, when the connection becomes ready, after a fence (a strong writer waits until it is recorded as
 * applied, which the next renewal does), and after a reset. Entries are applied first, then the place in the log is
 * moved, and only then is the lease extended. The lease ends by itself, or at once with the connection.
 *
 * Losing the doorbell costs up to `renewEveryMs`; polling faster instead of ringing would cost every replica a
 * request per tick.
 */
export class FreshnessLease {
  readonly record: LeaseRecord;
  readonly applied = new AppliedMemory();
  readonly #options: FreshnessLeaseOptions;
  readonly #guard = new WallClockGuard();
  readonly #policies: PolicyLease[] = [];
  readonly #domain: PolicyLease;
  #lastId = '';
  #blessing = 0;
  #validFrom = 0;
  #asOf = { value: Number.NaN, firstSentAt: 0 };
  #proof: Proof | null = null;
  #state: LeaseState = { held: false, reason: 'starting' };
  #running: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #cancelTimer: () => void = () => {};
  #cancelWatch: () => void = () => {};
  #stopListening: () => void = () => {};

  constructor(options: FreshnessLeaseOptions) {
    this.#options = options;
    this.#domain = this.policy(Number.POSITIVE_INFINITY);
    this.record = new LeaseRecord(options.clock.monotonicMs());
  }

  /** The lease as a policy with this bound sees it; null for one that is fresh to its TTL only. */
  policy(maxStalenessMs: number | null): PolicyLease {
    const policy = new PolicyLease(this.#options.clock, this.#guard, maxStalenessMs);
    this.#policies.push(policy);
    return policy;
  }

  /** What the last renewal told; 0 before the first. */
  get blessing(): number {
    return this.#blessing;
  }

  /** L2 entries of an older blessing are void. */
  get validFrom(): number {
    return this.#validFrom;
  }

  get state(): LeaseState {
    return this.#state.held && !this.#domain.valid() ? this.#ended() : this.#state;
  }

  /** Milliseconds for which memory may answer without another renewal. */
  get remainingMs(): number {
    return this.#domain.remainingMs;
  }

  /** How old the watermark is that was proven last, at least; null before the first renewal. */
  get watermarkAgeMs(): number | null {
    if (this.#proof === null) return null;
    return this.#options.clock.monotonicMs() - this.#proof.sentAt + this.#proof.ageMs;
  }

  start(): void {
    this.#stopListening = this.#options.protocol.onConnection((event) => {
      if (event === 'lost') this.#lose('connection-lost');
      else this.renew();
    });
    this.#watch();
    this.renew();
  }

  /** Asks for a renewal now, or behind the one that is in flight. */
  renew(): void {
    if (this.#closed) return;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#cancelTimer();
    this.#running = outsideTraces(() =>
      this.#renewOnce().then(() => {
        this.#running = null;
        this.#schedule();
      }),
    );
  }

  /** Stops answering from memory, then gives the lease back so that no strong writer waits for it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    this.#cancelWatch();
    this.#cancelTimer();
    this.#lose('closed');
    await this.#running;
    await this.#options.protocol.release(this.#options.replicaId).catch(() => {
      // It runs out by itself.
    });
  }

  #schedule(): void {
    if (this.#closed) return;
    if (this.#again) {
      this.#again = false;
      this.renew();
      return;
    }
    this.#cancelTimer = this.#options.clock.after(this.#options.renewEveryMs, () => this.renew());
  }

  async #renewOnce(): Promise<void> {
    const { protocol, clock, replicaId, leaseMs } = this.#options;
    const generation = protocol.generation;
    const sentAt = clock.monotonicMs();
    const wallSentAt = clock.wallMs();
    let renewal: Renewal;
    try {
      renewal = await protocol.renew(replicaId, this.#lastId, leaseMs);
    } catch {
      // The lease in force runs out by itself; the next renewal tries again.
      if (!this.#domain.valid()) this.#lose('renewal-failed');
      return;
    }
    if (this.#closed || protocol.generation !== generation) return;
    switch (renewal.kind) {
      case 'unblessed':
        this.#lose('unblessed');
        return;
      case 'no-watermark':
        // As an answer that was lost: what was proven before ends by itself.
        if (!this.#domain.valid()) this.#lose('no-watermark');
        return;
      case 'reset':
        this.#lose('reset');
        this.#options.flush();
        this.applied.flushed(renewal.lastId, clock.wallMs());
        if (this.#learn(renewal)) await this.#options.onVoided?.();
        this.#again = true;
        return;
      case 'ok':
        this.#applyAll(renewal.entries);
        this.applied.applied(renewal.lastId, renewal.entries.length, clock.wallMs());
        this.#options.onApplied?.(renewal.entries, renewal.asOf + renewal.ageMs);
        this.#learn(renewal);
        if (renewal.leaseMs === 0) {
          this.#again = true;
          return;
        }
        this.#extend({
          sentAt,
          wallSentAt,
          leaseMs: renewal.leaseMs,
          ageMs: this.#age(renewal, sentAt),
          maxStalenessMs: renewal.maxStalenessMs,
        });
    }
  }

  #applyAll(entries: readonly (LogEntry | null)[]): void {
    for (const entry of entries) {
      if (entry === null) this.#options.flush();
      else this.#options.apply(entry);
      if (entry?.kind === 'fence') this.#again = true;
    }
  }

  /** Answers whether entries may have become void by it. */
  #learn({ lastId, blessing, validFrom }: Extract<Renewal, { lastId: string }>): boolean {
    const isVoided = validFrom !== this.#validFrom;
    this.#lastId = lastId;
    this.#blessing = blessing;
    this.#validFrom = validFrom;
    return isVoided;
  }

  /** Never less than the local time since this asOf was first seen: a Redis clock that steps back hides a dead relay. */
  #age({ asOf, ageMs }: { asOf: number; ageMs: number }, sentAt: number): number {
    if (asOf !== this.#asOf.value) this.#asOf = { value: asOf, firstSentAt: sentAt };
    return Math.max(ageMs, sentAt - this.#asOf.firstSentAt);
  }

  /** What a hit, which reads one clock, leaves open: see PolicyLease. */
  #watch(): void {
    this.#cancelWatch = this.#options.clock.after(limits.tickMs, () => {
      for (const policy of this.#policies) policy.watch();
      this.#change(this.state);
      this.#watch();
    });
  }

  #extend(proof: Proof): void {
    this.#guard.reset(this.#options.clock.wallMs());
    for (const policy of this.#policies) policy.extend(proof);
    this.#proof = proof;
    this.#change(this.#domain.valid() ? { held: true } : this.#ended());
  }

  /** Why a lease is over that nobody revoked: still granted for a watermark that no relay moves, or not renewed in time. */
  #ended(): LeaseState {
    if (this.#proof === null) return { held: false, reason: 'expired' };
    const { sentAt, leaseMs, ageMs, maxStalenessMs } = this.#proof;
    const sinceMs = this.#options.clock.monotonicMs() - sentAt;
    const granted = sinceMs < leaseMs - drift(leaseMs);
    const old = sinceMs + ageMs >= maxStalenessMs - drift(maxStalenessMs);
    return { held: false, reason: granted && old ? 'watermark-old' : 'expired' };
  }

  #lose(reason: LeaseLoss): void {
    for (const policy of this.#policies) policy.revoke();
    this.#change({ held: false, reason });
  }

  #change(state: LeaseState): void {
    const before = this.#state;
    this.#state = state;
    if (before.held !== state.held || (!before.held && !state.held && before.reason !== state.reason)) {
      this.record.changed(state, this.#options.clock.monotonicMs());
      this.#options.onChange(state);
    }
  }
}
