import type { HistoryWriter, OperationRecord } from '../contract.ts';
import { isRefusal } from '../history/refusal.ts';
import type { Seen } from './seen.ts';

/** What is known of an operation before it begins. */
export type Call = Pick<
  OperationRecord,
  'client' | 'session' | 'via' | 'op' | 'kind' | 'key' | 'amount' | 'minVersion'
>;

/** Numbers operations, times them, and writes them down. */
export class Recorder {
  readonly #history: HistoryWriter;
  readonly counts = { operations: 0, failed: 0, unknown: 0 };
  #nextId = 1;

  constructor(history: HistoryWriter) {
    this.#history = history;
  }

  /** For an operation whose value says who wrote it. */
  newId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  /** `act` answers what was seen, and never throws. It may name the key, where only the answer tells it. */
  async record(
    id: number,
    call: Call,
    act: () => Promise<Seen & { readonly key?: string }>,
  ): Promise<OperationRecord> {
    const start = performance.now();
    const seen = await act();
    const operation: OperationRecord = { t: 'op', id, ...call, start, end: performance.now(), ...seen };
    this.#history.append(operation);
    this.counts.operations += 1;
    if (operation.outcome !== 'ok' && !isRefusal(operation)) this.counts[operation.outcome] += 1;
    return operation;
  }
}
