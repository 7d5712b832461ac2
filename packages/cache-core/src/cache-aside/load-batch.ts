import { FreshetError } from '../errors.ts';
import type { CacheId } from '../keys/key.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { OriginGate } from './origin-gate.ts';
import type { Loaded, PolicyOptions } from './policy.ts';

interface Asked<T> {
  id: CacheId;
  /** undefined where `loadMany` said so, which it must not. */
  resolve: (loaded: Loaded<T> | null | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * The loads of one `readMany`: those that come to the origin in the same turn ask it together, in one place of the
 * gate. They come together because their fill leases were granted in one round trip; whoever waited for another's fill
 * asks later, alone. Waiting for all ids instead would let one slow key hold up the others.
 */
export class LoadBatch<T> {
  readonly #gate: OriginGate;
  readonly #loadMany: NonNullable<PolicyOptions<T>['loadMany']>;
  readonly #counters: Counters;
  #asked: Asked<T>[] = [];

  constructor(gate: OriginGate, loadMany: NonNullable<PolicyOptions<T>['loadMany']>, counters: Counters) {
    this.#gate = gate;
    this.#loadMany = loadMany;
    this.#counters = counters;
  }

  /** @throws what `loadMany` throws, and the gate's errors */
  ask(id: CacheId): Promise<Loaded<T> | null | undefined> {
    if (this.#asked.length === 0) queueMicrotask(() => void this.#askAll());
    return new Promise((resolve, reject) => {
      this.#asked.push({ id, resolve, reject });
    });
  }

  async #askAll(): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    const ids = asked.map(({ id }) => id);
    try {
      const loaded = await this.#gate.run((signal) => {
        this.#counters.originLoads += ids.length;
        return this.#loadMany(ids, { signal });
      });
      if (loaded.length !== ids.length) {
        throw new FreshetError(
          'FRESHET_INVALID_VALUE',
          `loadMany was asked for ${ids.length} ids and answered ${loaded.length} times. Answer for each id, in their order, null where there is no row.`,
        );
      }
      asked.forEach(({ resolve }, index) => resolve(loaded[index]));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
