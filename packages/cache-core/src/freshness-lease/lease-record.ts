import type { LeaseLoss, LeaseState } from './lease-state.ts';

/** What became of one replica's freshness lease since it began: for metrics. */
export class LeaseRecord {
  readonly lost: Record<Exclude<LeaseLoss, 'starting'>, number> = {
    unblessed: 0,
    'no-watermark': 0,
    'watermark-old': 0,
    reset: 0,
    'connection-lost': 0,
    'renewal-failed': 0,
    expired: 0,
    closed: 0,
  };
  #withoutMs = 0;
  /** On the monotonic clock; null while a lease is held. */
  #withoutSince: number | null;

  constructor(now: number) {
    this.#withoutSince = now;
  }

  changed(state: LeaseState, now: number): void {
    if (state.held) {
      this.#withoutMs = this.withoutMs(now);
      this.#withoutSince = null;
    } else if (this.#withoutSince === null) {
      this.#withoutSince = now;
      if (state.reason !== 'starting') this.lost[state.reason]++;
    }
  }

  withoutMs(now: number): number {
    return this.#withoutMs + (this.#withoutSince === null ? 0 : now - this.#withoutSince);
  }
}
