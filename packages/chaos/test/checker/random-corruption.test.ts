import { expect, test } from 'vitest';
import type { HistoryRecord, InvariantId, OperationRecord } from '../../src/contract.ts';
import { Random } from '../../src/random.ts';
import { broken, judge, operation } from './operation.ts';
import { type RandomHistory, randomHistory, type Shape, type TrueState } from './random-history.ts';

// Histories as they come from a system that keeps its promises pass, all of them; and one wrong answer among two hundred is found.

const HISTORIES = 150;
const bounded: Shape = {
  kind: 'product',
  count: 200,
  spanMs: 20_000,
  longestMs: 300,
  staleMs: 1_900,
  unknown: 5,
  lateVersions: false,
  reservations: false,
};
const strong: Shape = { ...bounded, kind: 'stock', staleMs: 0, reservations: true };

interface Corruption {
  readonly breaks: InvariantId;
  readonly of: Shape;
  /** null when this history offers no chance for it. */
  readonly corrupt: (history: RandomHistory, random: Random) => HistoryRecord[] | null;
}

/** A read, and a state that had been overwritten for more than so long when it began, as everybody knew. */
function outdated(
  { operations, states }: RandomHistory,
  random: Random,
  forMs: number,
): { read: OperationRecord; state: TrueState } | null {
  const chances = operations
    .filter(({ op }) => op === 'read')
    .flatMap((read) =>
      states
        .filter((state, index) => {
          const next = states[index + 1]?.write;
          return state.version !== null && next != null && next.end + forMs < read.start;
        })
        .map((state) => ({ read, state })),
    );
  return chances.length === 0 ? null : random.pick(chances);
}

function instead(
  history: RandomHistory,
  old: OperationRecord,
  changes: Partial<OperationRecord>,
): HistoryRecord[] {
  return history.operations.map((one) => (one === old ? { ...one, ...changes } : one));
}

function answering(
  history: RandomHistory,
  found: ReturnType<typeof outdated>,
  more: Partial<OperationRecord> = {},
) {
  if (found === null) return null;
  const { version, value } = found.state;
  return instead(history, found.read, { version, value, status: 200, ...more });
}

function inPostgres({ kind }: Shape, { version, value }: TrueState): HistoryRecord {
  return { t: 'probe', what: 'held', at: 60_000, kind, key: 'row', place: 'postgres', version, value };
}

const corruptions: Record<string, Corruption> = {
  'an answer that had been overwritten for 2 s': {
    breaks: 'bounded-staleness',
    of: bounded,
    corrupt: (history, random) => answering(history, outdated(history, random, 2_000)),
  },
  'an answer of a strong row that had been overwritten': {
    breaks: 'linearizable-stock',
    of: strong,
    corrupt: (history, random) => answering(history, outdated(history, random, 0)),
  },
  'an answer older than what the session had written': {
    breaks: 'session-order',
    of: bounded,
    corrupt(history, random) {
      const found = outdated(history, random, 0);
      const newer = found && history.states[history.states.indexOf(found.state) + 1]?.write?.version;
      return newer == null ? null : answering(history, found, { minVersion: newer });
    },
  },
  'a version that nobody wrote': {
    breaks: 'no-phantom',
    of: bounded,
    corrupt(history, random) {
      const read = random.pick(history.operations.filter(({ op }) => op === 'read'));
      return instead(history, read, { version: '301', value: 'ghost', status: 200 });
    },
  },
  'an answer from before its write': {
    breaks: 'no-phantom',
    of: bounded,
    corrupt(history, random) {
      const read = random.pick(
        history.operations.filter(({ op, version }) => op === 'read' && version !== null),
      );
      const state = history.states.find(({ version }) => version === read.version);
      const start = state?.write?.start;
      return start === undefined ? null : instead(history, read, { start: start - 20, end: start - 10 });
    },
  },
  'a reservation that left one unit too many': {
    breaks: 'no-oversell',
    of: strong,
    corrupt(history, random) {
      const reservations = history.operations.filter(({ op }) => op === 'reserve');
      const one = reservations.length === 0 ? null : random.pick(reservations);
      return one && instead(history, one, { value: Number(one.value) + 1 });
    },
  },
  'a write that Postgres lost': {
    breaks: 'no-lost-write',
    of: bounded,
    corrupt(history) {
      const { states } = history;
      const last = states.findLastIndex(({ write, version }) => write !== null && version !== null);
      const older = states.slice(0, last).findLast(({ version }) => version !== null);
      return older === undefined ? null : [...history.operations, inPostgres(bounded, older)];
    },
  },
};

test.each([bounded, strong, { ...bounded, unknown: 0, lateVersions: true }])(
  'what keeps its promises passes: %o',
  async (shape) => {
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const history = randomHistory(new Random(seed), shape);
      const last = history.states.at(-1);
      // Not calm weather: many a write is of unknown outcome.
      const fault = { t: 'fault', name: 'any', phase: 'injected', at: Number.NEGATIVE_INFINITY } as const;
      const records = [fault, ...history.operations, ...(last ? [inPostgres(shape, last)] : [])];
      expect(broken(await judge(records)), `seed ${seed}`).toEqual({});
    }
  },
);

test.each(Object.entries(corruptions))('%s is found', async (_, { breaks, of, corrupt }) => {
  let tried = 0;
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const random = new Random(seed);
    const corrupted = corrupt(randomHistory(random, of), random);
    if (corrupted === null) continue;
    tried += 1;
    expect(broken(await judge(corrupted))[breaks], `seed ${seed}`).toBeGreaterThan(0);
  }
  expect(tried).toBeGreaterThan(HISTORIES / 2);
});

test('a long history of a hot row is judged in a moment', { timeout: 20_000 }, async () => {
  const operations = Array.from({ length: 100_000 }, (__, index) => {
    const version = String(1_000 + 10 * Math.floor(index / 10));
    const op = index % 10 > 0 ? 'read' : index === 0 ? 'create' : 'replace';
    return operation(index, {
      op,
      kind: 'stock',
      start: index,
      end: index + 0.5,
      version,
      value: index - (index % 10),
    });
  });
  expect(broken(await judge(operations))).toEqual({});
});
