import type { Clock } from '../clock.ts';
import { drift } from '../options.ts';

/** What one accepted renewal proves. All in milliseconds. */
export interface Proof {
  /** Local monotonic and wall time before the renewal was sent. */
  sentAt: number;
  wallSentAt: number;
  /** What the server granted, counted by it from receipt. */
  leaseMs: number;
  /** Age of the watermark when the renewal was sent, at least. */
  ageMs: number;
  /** The domain's limit on any policy. */
  maxStalenessMs: number;
}

/**
 * How long one policy may answer from this process's memory. Two clauses: the watermark is young enough for the
 * policy, and the freshness lease has not run out. A policy without a bound ('ttl') is always valid.
 *
 * Both clocks must agree: the monotonic one may stand still while a machine is suspended, the wall clock may step back.
 */
export class PolicyLease {
  readonly #clock: Clock;
  readonly #maxStalenessMs: number | null;
  #until: number;
  #wallUntil: number;
  #term = 0;

  constructor(clock: Clock, maxStalenessMs: number | null) {
    this.#clock = clock;
    this.#maxStalenessMs = maxStalenessMs;
    this.#until = this.#wallUntil =
      maxStalenessMs === null ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  valid(): boolean {
    return this.validAt(this.#clock.monotonicMs());
  }

  /** As `valid`, for a caller that has just read the monotonic clock. */
  validAt(monotonicMs: number): boolean {
    return (
      monotonicMs < this.#until &&
      (this.#wallUntil === Number.POSITIVE_INFINITY || this.#clock.wallMs() < this.#wallUntil)
    );
  }

  /** Changes whenever the lease was lost in between, however briefly. */
  get term(): number {
    return this.#term;
  }

  extend(proof: Proof): void {
    if (this.#maxStalenessMs === null) return;
    if (!this.valid()) this.#term++;
    const bound = Math.min(this.#maxStalenessMs, proof.maxStalenessMs);
    const ms = Math.min(proof.leaseMs - drift(proof.leaseMs), bound - drift(bound) - proof.ageMs);
    this.#until = proof.sentAt + ms;
    this.#wallUntil = proof.wallSentAt + ms;
  }

  revoke(): void {
    if (this.#maxStalenessMs === null) return;
    this.#term++;
    this.#until = this.#wallUntil = Number.NEGATIVE_INFINITY;
  }
}
