import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../world/random.ts';
import type { CommittedState, Outcome, Step } from './operation.test-helper.ts';
import { RealDatabase } from './real-database.test-helper.ts';
import { RememberedDatabase } from './remembered-database.test-helper.ts';
import { isRowChange, Sequence } from './sequence.test-helper.ts';

const STEPS = 30;
// A failure names its seed; with it, and one sequence, it is run again.
const { CONFORMANCE_SEED, CONFORMANCE_SEQUENCES = '300' } = process.env;
const SEQUENCES = Number(CONFORMANCE_SEQUENCES);
const SEED = Number(CONFORMANCE_SEED ?? randomInt(1e9));
/** What is hard to reach, and has to be reached. */
const REACHED = [
  'waits',
  'grants',
  'several wait',
  'several for one row',
  '40P01',
  '55P03',
  '25P04',
  '25P02',
  'closes',
];

let real: RealDatabase;

beforeAll(async () => {
  real = await RealDatabase.open();
});

afterAll(() => real.close());

test(`the database in memory answers as Postgres does, over ${SEQUENCES} sequences from seed ${SEED}`, {
  timeout: 120_000 + 400 * SEQUENCES,
}, async () => {
  const seen = new Seen();
  for (let seed = SEED; seed < SEED + SEQUENCES; seed++) await runSequence(seed, seen);
  const missed = REACHED.filter((what) => seen.counts[what] === undefined);
  expect(SEQUENCES < 300 ? [] : missed).toEqual([]);
});

/** Steps that the memory has run, with the order in which it served those who waited for one row. */
interface Past {
  step: Step;
  ranks: readonly number[];
}

async function runSequence(seed: number, seen: Seen): Promise<void> {
  const random = new Random(seed, 'conformance');
  const sequence = new Sequence(random, random.integer(2, 4), real.origin);
  await real.reset();
  let memory = new RememberedDatabase(real.origin);
  const past: Past[] = [];
  const log: string[] = [];

  const run = async (step: Step): Promise<void> => {
    const expected = await memory.run(step, []);
    const outcome = await real.run(step, expected);
    log.push(`${JSON.stringify(step)} → ${text(outcome)}`);
    let ranks: readonly number[] = [];
    if (!isDeepStrictEqual(expected, outcome)) {
      const found = await explain(past, step, [...memory.contenders], outcome);
      if (found === null) {
        throw new Error(
          `seed ${seed}: Postgres and the memory differ in the last step.\n${log.join('\n')}\nthe memory: ${text(expected)}`,
        );
      }
      ({ memory, ranks } = found);
      seen.count('another order than that of arrival');
    }
    past.push({ step, ranks });
    sequence.saw(step, outcome);
    seen.outcome(step, outcome, memory.contenders.size);
  };

  for (let done = 0; done < STEPS; ) {
    const step = sequence.next();
    if (mayWakeTwoRows(step, sequence, memory)) continue;
    await run(step);
    done++;
  }
  for (let step = sequence.end(); step !== null; step = sequence.end()) await run(step);
  await run({ session: 0, operation: { do: 'put', table: 'item', id: 'last', value: 0, thenExpire: false } });
  await run({ session: 0, operation: { do: 'snapshot' } });
  expect(comparable(memory.state()), `seed ${seed}, committed state after\n${log.join('\n')}`).toEqual(
    comparable(await real.state()),
  );
}

/** In which order an UPDATE numbers its rows is up to Postgres: it is that of the heap. */
function comparable({ outbox, ...rest }: CommittedState): unknown {
  return {
    ...rest,
    outbox: outbox.map(({ appliedNo, ...row }) => ({ ...row, isNumbered: appliedNo !== null })),
    numbers: outbox
      .flatMap(({ appliedNo }) => appliedNo ?? [])
      .toSorted((one, other) => Number(one) - Number(other)),
  };
}

/**
 * Whether one COMMIT might later wake statements on two rows. They would draw their versions in any order, and nothing could be
 * compared. A statement that closes a circle is no such case: it fails at once.
 */
function mayWakeTwoRows(
  { session, operation }: Step,
  sequence: Sequence,
  memory: RememberedDatabase,
): boolean {
  if (!isRowChange(operation)) return false;
  const { table, id } = operation;
  const target = memory.holderOf(table, id);
  if (target === null || target === session || leadsTo(session, target, sequence, memory)) return false;
  const waits = sequence.rowWaits();
  const mayHold = (row: { table: string; id: string }): (number | null)[] => [
    memory.holderOf(row.table, row.id),
    ...waits.filter((wait) => wait.table === row.table && wait.id === row.id).map((wait) => wait.session),
  ];
  const holders = [session, ...mayHold(operation)];
  return waits.some(
    (wait) =>
      (wait.table !== table || wait.id !== id) && mayHold(wait).some((holder) => holders.includes(holder)),
  );
}

/** Whether `holder` waits, over any number of others, for `session`. */
function leadsTo(
  session: number,
  holder: number | null,
  sequence: Sequence,
  memory: RememberedDatabase,
): boolean {
  const seen = new Set<number>();
  let next = holder;
  while (next !== null && next !== session && !seen.has(next)) {
    seen.add(next);
    const wait = sequence.rowWaits().find((one) => one.session === next);
    next = wait === undefined ? null : memory.holderOf(wait.table, wait.id);
  }
  return next === session;
}

/** Another order in which those who waited for one row were served, and with which the memory does what Postgres did. */
async function explain(
  past: readonly Past[],
  step: Step,
  contenders: readonly number[],
  outcome: Outcome,
): Promise<{ memory: RememberedDatabase; ranks: readonly number[] } | null> {
  for (const ranks of permutations(contenders)) {
    const memory = new RememberedDatabase(real.origin);
    for (const earlier of past) await memory.run(earlier.step, earlier.ranks);
    if (isDeepStrictEqual(await memory.run(step, ranks), outcome)) return { memory, ranks };
  }
  return null;
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

function text({ answers, waiting }: Outcome): string {
  return JSON.stringify({ answers: [...answers].toSorted(([one], [other]) => one - other), waiting });
}

/** Counts what was reached. */
class Seen {
  readonly counts: Record<string, number> = {};

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  outcome({ session, operation }: Step, { answers, waiting }: Outcome, contenders: number): void {
    this.count('steps');
    if (waiting.includes(session)) this.count('waits');
    if (waiting.length > 1) this.count('several wait');
    if (contenders > 1) this.count('several for one row');
    for (const [index, answer] of answers) {
      if (index !== session) this.count('grants');
      if ('error' in answer) this.count(answer.error);
    }
    if (operation.do === 'expire') this.count('25P04');
    if (operation.do === 'close') this.count('closes');
  }
}
