import { FreshetError } from '../errors.ts';

interface Lane {
  last: Promise<unknown>;
  /** Tasks that have not ended. */
  length: number;
}

/** Runs tasks of one key one after another, in the order in which they came. */
export class KeyQueue {
  readonly #waitingAtMost: number;
  readonly #lanes = new Map<string, Lane>();

  constructor(waitingAtMost: number) {
    this.#waitingAtMost = waitingAtMost;
  }

  /** @throws FRESHET_OVERLOADED when too many tasks of `key` wait already, or what `task` throws */
  async run<R>(key: string, task: () => Promise<R>): Promise<R> {
    const lane = this.#lanes.get(key) ?? { last: Promise.resolve(), length: 0 };
    if (lane.length > this.#waitingAtMost) {
      throw new FreshetError(
        'FRESHET_OVERLOADED',
        'Too many writes of this key wait for their turn. Nothing was changed; try again shortly.',
        { retryable: true },
      );
    }
    const result = lane.length === 0 ? task() : lane.last.then(task, task);
    lane.last = result;
    lane.length++;
    this.#lanes.set(key, lane);
    try {
      return await result;
    } finally {
      lane.length--;
      if (lane.length === 0) this.#lanes.delete(key);
    }
  }
}
