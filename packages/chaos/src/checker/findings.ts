import type { Exemption, FaultRecord, InvariantId, InvariantVerdict, OperationRecord } from '../contract.ts';

/** A violation is shown with its operations; beyond so many they are counted only. */
const SHOWN = 100;

export interface Window {
  readonly name: string;
  readonly from: number;
  readonly until: number;
}

/** What one invariant was found to be like: how much of it was judged, what broke it, and what excuses that. */
export class Findings {
  readonly #id: InvariantId;
  readonly #windows: readonly Window[];
  readonly #violations: { message: string; operations: number[] }[] = [];
  readonly #exempted: Record<string, number> = {};
  readonly #unseen: string[] = [];
  readonly #judgedOperations: Set<OperationRecord>;
  #unseenCount = 0;
  #checked = 0;
  #count = 0;
  #worst: number | undefined;

  /** `judgedOperations`: of all invariants together. */
  constructor(id: InvariantId, windows: readonly Window[], judgedOperations: Set<OperationRecord>) {
    this.#id = id;
    this.#windows = windows;
    this.#judgedOperations = judgedOperations;
  }

  /** One operation, or so many other things. */
  judged(what: OperationRecord | number = 1): void {
    if (typeof what !== 'number') this.#judgedOperations.add(what);
    this.#checked += typeof what === 'number' ? what : 1;
  }

  /** Something that should have been judged and could not be. */
  unseen(what: string): void {
    this.#unseenCount += 1;
    if (this.#unseen.length < SHOWN) this.#unseen.push(what);
  }

  measured(value: number, worse: 'higher' | 'lower' = 'higher'): void {
    this.#worst = (worse === 'higher' ? Math.max : Math.min)(this.#worst ?? value, value);
  }

  /** `operations`: the one that broke it first. An exemption excuses it when its window meets that one. */
  violated(message: string, ...operations: readonly Pick<OperationRecord, 'id' | 'start' | 'end'>[]): void {
    const [culprit] = operations;
    const excuse = culprit && this.excuseFor(culprit);
    if (excuse !== undefined) {
      this.#exempted[excuse.name] = (this.#exempted[excuse.name] ?? 0) + 1;
      return;
    }
    this.#count += 1;
    if (this.#violations.length < SHOWN)
      this.#violations.push({ message, operations: operations.map(({ id }) => id) });
  }

  excuseFor({ start, end }: { start: number; end: number }): Window | undefined {
    return this.#windows.find((window) => start <= window.until && end >= window.from);
  }

  verdict(): InvariantVerdict {
    return {
      id: this.#id,
      checked: this.#checked,
      violations: this.#violations,
      violationCount: this.#count,
      unseen: this.#unseen,
      unseenCount: this.#unseenCount,
      exempted: this.#exempted,
      ...(this.#worst === undefined ? {} : { worst: this.#worst }),
    };
  }
}

/** When each exemption from one invariant was in force: from its fault's beginning until so long after it was done. */
export function exemptWindows(
  id: InvariantId,
  exemptions: readonly Exemption[],
  faults: readonly FaultRecord[],
): Window[] {
  return exemptions
    .filter(({ invariant }) => invariant === id)
    .flatMap(({ name, fault, forMs }) => {
      const windows: Window[] = [];
      for (const injected of faults.filter((one) => one.name === fault && one.phase === 'injected')) {
        const done = faults.find(
          (one) => one.name === fault && one.phase === 'proven' && one.at >= injected.at,
        );
        windows.push({ name, from: injected.at, until: (done ?? injected).at + forMs });
      }
      return windows;
    });
}
