import { inThisTrace } from '../telemetry/trace-context.ts';
import { compareVersions, NO_VERSION, type Version } from '../keys/version.ts';

/** One load of one key in this process. */
export interface Load {
  /** An invalidation came while it ran, or it began without a lease: its answer may not enter L1, nor be shared. */
  dirty: boolean;
  /** The least version that any of its readers asked for. */
  minVersion: Version;
}

interface Running<A> {
  load: Load;
  answer: Promise<A>;
}

interface Waiting<A> {
  minVersion: Version;
  answer: Promise<A>;
  begin: () => void;
}

interface Slot<A> {
  running: Running<A>;
  waiting: Waiting<A> | null;
}

/**
 * Single flight: at most one load runs and one waits per key, also when Redis is gone.
 *
 * A reader shares the running load only if it is clean and the lease still holds, so that a change that the reader
 * may know of cannot be missing from the answer. Else it joins the load that waits, which begins after the reader came.
 */
export class Flights<A> {
  readonly #slots = new Map<string, Slot<A>>();
  readonly #alongside = new Map<string, Load>();

  /** Loads of keys: what readers wait for, and what runs alongside. */
  get size(): number {
    return this.#slots.size + this.#alongside.size;
  }

  /**
   * @param leaseValid whether this process's view is proven now
   * @param run begins the load; called once per load, never for a shared one
   */
  join(
    key: string,
    minVersion: Version,
    leaseValid: () => boolean,
    run: (load: Load) => Promise<A>,
  ): { answer: Promise<A>; shared: boolean } {
    const slot = this.#slots.get(key);
    if (slot === undefined) return { answer: this.#begin(key, minVersion, leaseValid, run), shared: false };
    // Whoever asks for a minimum version saw a commit that the running load may have been too early for.
    if (minVersion === NO_VERSION && !slot.running.load.dirty && leaseValid()) {
      return { answer: slot.running.answer, shared: true };
    }
    if (slot.waiting === null) {
      const { promise, resolve } = Promise.withResolvers<A>();
      const waiting: Waiting<A> = {
        minVersion,
        answer: promise,
        // Else it would run in the trace of the load before it.
        begin: inThisTrace(() => resolve(this.#begin(key, waiting.minVersion, leaseValid, run))),
      };
      slot.waiting = waiting;
      return { answer: promise, shared: false };
    }
    if (compareVersions(minVersion, slot.waiting.minVersion) > 0) slot.waiting.minVersion = minVersion;
    return { answer: slot.waiting.answer, shared: true };
  }

  markDirty(key: string): void {
    const slot = this.#slots.get(key);
    if (slot !== undefined) slot.running.load.dirty = true;
    const alongside = this.#alongside.get(key);
    if (alongside !== undefined) alongside.dirty = true;
  }

  markAllDirty(): void {
    for (const { running } of this.#slots.values()) running.load.dirty = true;
    for (const load of this.#alongside.values()) load.dirty = true;
  }

  /**
   * A load in the background: nobody waits for it or shares it, and at most one runs per key. Invalidations mark it as any
   * other. `run` does not reject.
   */
  runAlongside(key: string, leaseValid: () => boolean, run: (load: Load) => Promise<void>): void {
    if (this.#alongside.has(key)) return;
    const load: Load = { dirty: !leaseValid(), minVersion: NO_VERSION };
    this.#alongside.set(key, load);
    void run(load).finally(() => this.#alongside.delete(key));
  }

  #begin(
    key: string,
    minVersion: Version,
    leaseValid: () => boolean,
    run: (load: Load) => Promise<A>,
  ): Promise<A> {
    const load: Load = { dirty: !leaseValid(), minVersion };
    const answer = run(load);
    this.#slots.set(key, { running: { load, answer }, waiting: null });
    const settled = (): void => {
      const waiting = this.#slots.get(key)?.waiting;
      this.#slots.delete(key);
      waiting?.begin();
    };
    answer.then(settled, settled);
    return answer;
  }
}
