import type { Protocol, ServerStatus } from '@freshet/cache-core/protocol';
import type { OutboxStore } from '../domain/outbox-store.ts';
import type { Faults } from '../faults/faults.ts';

/** An instant of Redis's clock that becomes the watermark once everything committed before it is fanned out. */
interface Candidate {
  timeMs: number;
  history: string;
  blessing: number;
  highestPendingId: string | null;
  appliedNo: string;
}

/** `ageMs` is null where there is no watermark that anybody could go by. */
export type WatermarkOutcome =
  | { kind: 'moved' | 'waiting' | 'refused'; ageMs: number | null }
  | { kind: 'unblessed' };

export interface WatermarkDependencies {
  store: Pick<OutboxStore, 'snapshot' | 'progress'>;
  protocol: Pick<Protocol, 'status' | 'watermark'>;
  faults: Faults;
}

/**
 * Moves the watermark: 'everything committed before this instant is out of L2 and in the log'.
 *
 * A snapshot taken after the instant sees every commit before it, so when no row up to that snapshot's highest is
 * pending any more, whichever relay drained it, the sentence is true. Transactions still open then hold ids below
 * the highest, but commit after the instant.
 */
export class Watermark {
  readonly #deps: WatermarkDependencies;
  #candidate: Candidate | null = null;

  constructor(dependencies: WatermarkDependencies) {
    this.#deps = dependencies;
  }

  async tick(): Promise<WatermarkOutcome> {
    const { protocol, store } = this.#deps;
    const status = await protocol.status();
    const ageMs = status.asOf === null ? null : status.timeMs - status.asOf;
    if (!status.blessed) {
      this.#candidate = null;
      return { kind: 'unblessed' };
    }
    this.#candidate ??= await this.#take(status);
    const candidate = this.#candidate;
    if (candidate === null) return { kind: 'refused', ageMs };

    // The second look at the newest blessing: the rows that left meanwhile were marked by relays under this one.
    const { pending, newestBlessing } = await store.progress(candidate.highestPendingId);
    if (newestBlessing !== candidate.blessing) {
      this.#candidate = null;
      return { kind: 'refused', ageMs };
    }
    if (pending) return { kind: 'waiting', ageMs };
    this.#candidate = null;
    await this.#deps.faults.at('before-watermark');
    const { history, blessing, timeMs, appliedNo } = candidate;
    // Refused by any server but the one, and any blessing but the one, that the candidate was taken under.
    const moved = await protocol.watermark({ history, blessing, timeMs, appliedNo });
    return { kind: moved ? 'moved' : 'refused', ageMs };
  }

  /** `status` was asked before this snapshot is taken: the instant lies before it. */
  async #take(status: ServerStatus): Promise<Candidate | null> {
    const { origin, highestPendingId, newestBlessing, appliedNo } = await this.#deps.store.snapshot();
    if (newestBlessing !== status.blessing) return null;
    // ● A Postgres that failed over or was restored may have lost what the caches hold, and no row of its outbox says so.
    if (origin !== status.origin) return null;
    const { timeMs, history, blessing } = status;
    return { timeMs, history, blessing, highestPendingId, appliedNo };
  }
}
