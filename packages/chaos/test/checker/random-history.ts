import type { Action, OperationRecord } from '../../src/contract.ts';
import type { Random } from '../../src/random.ts';
import { operation } from './operation.ts';

/** A state that the row was in. */
export interface TrueState {
  /** When it was committed. */
  readonly at: number;
  readonly version: string | null;
  readonly value: number | string | null;
  /** Its write, when that was answered. */
  readonly write: OperationRecord | null;
}

export interface RandomHistory {
  readonly operations: OperationRecord[];
  /** In the order of the commits; the first is that there is no row. */
  readonly states: readonly TrueState[];
}

export interface Shape {
  readonly kind: 'stock' | 'product';
  readonly count: number;
  /** When the last operation begins. */
  readonly spanMs: number;
  readonly longestMs: number;
  /** How old answers may be. */
  readonly staleMs: number;
  /** How many writes in a hundred nobody is answered. */
  readonly unknown: number;
  /** Whether a deletion may draw its version behind the creation that waited for it. */
  readonly lateVersions: boolean;
  readonly reservations: boolean;
}

type Plan = { op: Action | 'any write'; start: number; end: number; point: number; isLost: boolean };

/** What clients see of a row that keeps all promises: each operation takes effect at one moment between its start and its end. */
export function randomHistory(random: Random, shape: Shape): RandomHistory {
  const { kind, count, spanMs, longestMs } = shape;
  const plans: Plan[] = [];
  for (let index = 0; index < count; index++) {
    const start = Math.floor(random.between(0, spanMs));
    const end = start + Math.floor(random.between(1, longestMs));
    const op = random.next() < 0.5 ? 'read' : 'any write';
    const isLost = op !== 'read' && random.next() * 100 < shape.unknown;
    // What nobody was answered may happen much later.
    const point = random.between(start, isLost && random.next() < 0.5 ? end + spanMs / 4 : end);
    plans.push({ op, start, end, point, isLost });
  }
  plans.sort((one, other) => one.point - other.point);

  const states: TrueState[] = [{ at: Number.NEGATIVE_INFINITY, version: null, value: null, write: null }];
  const operations: OperationRecord[] = [];
  const latest = (): TrueState => states.at(-1) ?? { at: 0, version: null, value: null, write: null };
  let version = 100;
  for (const [index, plan] of plans.entries()) {
    const id = index + 1;
    const { start, end, point, isLost } = plan;
    const record = (given: Partial<OperationRecord> & { op: Action }): OperationRecord => {
      const made = operation(id, { start, end, kind, key: 'row', ...given });
      operations.push(made);
      return made;
    };
    const here = latest();
    if (plan.op === 'read') {
      const since = random.between(Math.max(start, point - shape.staleMs), point);
      const answer =
        shape.staleMs === 0
          ? here
          : random.pick(states.filter((_, at) => (states[at + 1]?.at ?? Number.POSITIVE_INFINITY) >= since));
      record({ op: 'read', version: answer.version, value: answer.value });
      continue;
    }
    const isHappening = !isLost || random.next() < 0.5;
    const outcome = isLost ? 'unknown' : 'ok';
    const exists = here.version !== null;
    const drawn = random.next();
    const commit = (given: Partial<OperationRecord> & { op: Action }): void => {
      const write = record({ outcome, ...given, ...(isLost ? { version: null, status: 0 } : {}) });
      const state =
        given.op === 'delete'
          ? { version: null, value: null }
          : { version: given.version ?? null, value: given.value ?? null };
      if (isHappening) states.push({ at: point, ...state, write: isLost ? null : write });
    };
    version += 2;
    const value = kind === 'stock' ? 1_000 * id : `n${id}`;
    if (!exists) commit({ op: 'create', version: String(version), value });
    else if (drawn < 0.2) {
      // One that waits behind it may have drawn its version meanwhile.
      const next = plans[index + 1];
      const isLate = shape.lateVersions && next !== undefined && next.start < end && next.op === 'any write';
      commit({ op: 'delete', version: String(isLate && !next.isLost ? version + 3 : version) });
    } else if (drawn < 0.6 && shape.reservations && !isLost && typeof here.value === 'number') {
      const amount = 1 + Math.floor(random.next() * 3);
      commit({ op: 'reserve', version: String(version), value: here.value - amount, amount });
    } else commit({ op: kind === 'stock' ? 'replace' : 'patch', version: String(version), value });
  }
  return { operations, states };
}
