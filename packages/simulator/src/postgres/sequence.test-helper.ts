import type { Random } from '../world/random.ts';
import type { Answer, Operation, Outcome, Step } from './operation.test-helper.ts';
import type { Table } from './postgres-server.ts';

interface SessionState {
  transaction: 'none' | 'open' | 'failed';
  /** Outbox rows that its transaction has locked. */
  locked: string[];
  waitsFor: Operation | null;
}

const ROWS: readonly (readonly [Table, string])[] = [
  ['item', 'a'],
  ['item', 'b'],
  ['stock', 'a'],
];
const HISTORIES = ['first', 'second', 'third'];

/** Draws one step after another that makes sense by what the steps before it have answered. */
export class Sequence {
  readonly #random: Random;
  readonly #sessions: SessionState[];
  readonly #origin: string;
  #newestBlessing = 0;
  #highestId = 0;

  constructor(random: Random, sessions: number, origin: string) {
    this.#random = random;
    this.#origin = origin;
    this.#sessions = Array.from({ length: sessions }, () => ({
      transaction: 'none',
      locked: [],
      waitsFor: null,
    }));
  }

  next(): Step {
    const index = this.#random.integer(0, this.#sessions.length - 1);
    const state = this.#sessions[index] as SessionState;
    if (this.#random.chance(0.015)) return { session: index, operation: { do: 'close' } };
    if (state.waitsFor !== null) return this.next();
    return { session: index, operation: this.#operation(state) };
  }

  /** The next step on the way to the end of all transactions; null when all have ended. */
  end(): Step | null {
    const index = this.#sessions.findIndex(
      ({ transaction, waitsFor }) => transaction !== 'none' && waitsFor === null,
    );
    if (index === -1) return null;
    return { session: index, operation: { do: this.#random.chance(0.7) ? 'commit' : 'rollback' } };
  }

  /** Who waits for which row. */
  rowWaits(): { session: number; table: Table; id: string }[] {
    return this.#sessions.flatMap(({ waitsFor }, session) =>
      waitsFor !== null && isRowChange(waitsFor) ? [{ session, table: waitsFor.table, id: waitsFor.id }] : [],
    );
  }

  saw({ session: index, operation }: Step, { answers, waiting }: Outcome): void {
    for (const [session, answer] of answers) {
      const state = this.#sessions[session] as SessionState;
      this.#answered(state, session === index ? operation : (state.waitsFor as Operation), answer);
      state.waitsFor = null;
    }
    for (const session of waiting) (this.#sessions[session] as SessionState).waitsFor ??= operation;
  }

  #answered(state: SessionState, operation: Operation, answer: Answer): void {
    if ('error' in answer) {
      if (answer.error === '25P04' || answer.error === '57P01' || operation.do === 'begin strong')
        ended(state);
      else if (state.transaction === 'open') state.transaction = 'failed';
      return;
    }
    switch (operation.do) {
      case 'begin':
      case 'begin exclusively':
      case 'begin strong':
        state.transaction = 'open';
        break;
      case 'commit':
      case 'rollback':
      case 'close':
      case 'expire':
        ended(state);
        break;
      case 'lock':
      case 'lock due': {
        const ids = (answer.answer as { id: string }[]).map(({ id }) => id);
        if (state.transaction === 'open') state.locked.push(...ids);
        this.#highestId = Math.max(this.#highestId, ...ids.map(Number));
        break;
      }
      case 'mark applied':
        // Nobody marks a row twice: which of the numbers it would keep is up to Postgres.
        if (answer.answer !== 0) state.locked = state.locked.filter((id) => !operation.ids.includes(id));
        break;
      case 'snapshot':
        this.#highestId = Math.max(
          this.#highestId,
          Number((answer.answer as { highestPendingId: string | null }).highestPendingId),
        );
        break;
      case 'record blessing':
        this.#newestBlessing = (answer.answer as { number: number } | null)?.number ?? this.#newestBlessing;
        break;
      default:
    }
  }

  #operation(state: SessionState): Operation {
    const random = this.#random;
    if (state.transaction === 'none' && random.chance(0.6)) return this.#begin();
    if (state.transaction === 'failed' && random.chance(0.6))
      return { do: random.pick(['commit', 'rollback'] as const) };
    if (state.transaction === 'open' && random.chance(0.13)) {
      return {
        do: random.weighted([
          [6, 'commit'],
          [3, 'rollback'],
          [1, 'expire'],
        ] as const),
      };
    }
    if (state.transaction === 'none' && random.chance(0.2)) return this.#outsideTransactions();
    if (state.locked.length > 0 && random.chance(0.5)) return this.#withLocked(state.locked);
    return random.chance(0.7) ? this.#rowOperation(state) : this.#look();
  }

  #begin(): Operation {
    return this.#random.weighted<Operation>([
      [7, { do: 'begin', lockTimeout: this.#random.chance(0.2) }],
      [2, { do: 'begin strong' }],
      [1, { do: 'begin exclusively' }],
    ]);
  }

  #rowOperation({ transaction }: SessionState): Operation {
    const random = this.#random;
    const [table, id] = random.pick(ROWS);
    const thenExpire = transaction === 'open' && random.chance(0.05);
    return random.weighted<Operation>([
      [2, { do: 'read', table, id }],
      [7, { do: 'put', table, id, value: random.integer(0, 9), thenExpire }],
      [6, { do: 'take', table, id, amount: random.integer(1, 6), thenExpire }],
      [3, { do: 'remove', table, id, thenExpire }],
      [1, { do: 'invalidate', table, idParts: random.pick([null, [id], ['']]) }],
    ]);
  }

  #look(): Operation {
    const random = this.#random;
    const someIds = Array.from({ length: random.integer(1, 4) }, () =>
      String(random.integer(1, this.#highestId + 2)),
    );
    return random.weighted<Operation>([
      [3, { do: 'lock due', limit: random.integer(1, 5) }],
      [2, { do: 'lock', ids: someIds }],
      [1, { do: 'next version' }],
      [1, { do: 'limits' }],
      [1, { do: 'schema versions' }],
      [1, { do: 'newest blessing' }],
      [2, { do: 'snapshot' }],
      [1, { do: 'strong check' }],
      [2, { do: 'progress', id: random.chance(0.1) ? null : String(random.integer(0, this.#highestId + 1)) }],
      [1, { do: 'read blessing', history: random.pick(HISTORIES) }],
      [1, this.#recordBlessing()],
    ]);
  }

  #outsideTransactions(): Operation {
    const random = this.#random;
    return random.weighted<Operation>([
      [3, { do: 'register', number: random.integer(1, 4) }],
      [2, this.#recordBlessing()],
      [1, { do: 'confirm blessing', number: random.integer(0, this.#newestBlessing) }],
      [
        3,
        {
          do: 'blessing snapshot',
          since: random.chance(0.1)
            ? null
            : {
                blessing: random.chance(0.8) ? this.#newestBlessing : random.integer(0, 5),
                appliedNo: String(1_000 + random.integer(0, 8)),
              },
        },
      ],
      [1, { do: 'purge' }],
    ]);
  }

  #withLocked(ids: string[]): Operation {
    const random = this.#random;
    const some = ids.filter(() => random.chance(0.8));
    return random.weighted<Operation>([
      [
        5,
        {
          do: 'mark applied',
          ids: some,
          blessing: random.chance(0.75) ? this.#newestBlessing : random.integer(0, 5),
        },
      ],
      [2, { do: 'postpone', ids: some, delayMs: random.pick([-10, 3_600_000]) }],
      [1, { do: 'bury', id: random.pick(ids) }],
    ]);
  }

  #recordBlessing(): Operation {
    const random = this.#random;
    return {
      do: 'record blessing',
      blessing: {
        history: random.pick(HISTORIES),
        origin: this.#origin,
        limits: {
          leaseMs: 1_500,
          maxStalenessMs: random.integer(1_000, 4_000),
          strongTransactionMs: random.integer(1_000, 4_000),
        },
        recordedBy: 'relay',
        // Without a newest one, a blessing in the head is one that was lost: then the number is the clock's.
        headBlessing: this.#newestBlessing === 0 ? 0 : random.integer(0, this.#newestBlessing + 2),
        expectedNewest: random.chance(0.8) ? this.#newestBlessing : random.integer(0, 5),
      },
    };
  }
}

export function isRowChange(operation: Operation): operation is Extract<Operation, { thenExpire: boolean }> {
  return operation.do === 'put' || operation.do === 'take' || operation.do === 'remove';
}

function ended(state: SessionState): void {
  state.transaction = 'none';
  state.locked = [];
}
