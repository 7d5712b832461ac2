import { setImmediate as nextTurn } from 'node:timers/promises';
import { median, type Spread, spread } from './statistics.ts';

/** One way to do the same thing. */
export interface Contender {
  readonly name: string;
  /** Does it so many times. Answers whether it did just that, and not, say, a miss where a hit was to be measured. */
  readonly run: (operations: number) => Promise<boolean>;
}

export interface SideBySideOptions {
  /** What the others are compared with. */
  readonly baseline: Contender;
  readonly others: readonly Contender[];
  /** In each round, of each contender. */
  readonly operations: number;
  readonly rounds: number;
  /** Rounds before those, which count for nothing. */
  readonly warmUpRounds: number;
}

export interface Measured {
  readonly name: string;
  /** Of one operation, in microseconds: the median of the rounds. */
  readonly us: number;
  readonly baselineUs: number;
  /** Its time over the baseline's, in the same round. */
  readonly ratio: Spread;
  /** Rounds that were thrown away, since one contender did something else in them. */
  readonly discarded: number;
}

/**
 * Times the contenders in turns within one process: A B C, B C A, … What disturbs the machine for longer than a turn
 * disturbs all of them, so each round yields a ratio of its own, and their spread says what the median is worth.
 */
export async function sideBySide(options: SideBySideOptions): Promise<Measured[]> {
  const { baseline, others, operations, rounds, warmUpRounds } = options;
  const contenders = [baseline, ...others];
  const kept: number[][] = [];
  let discarded = 0;
  for (let round = 0; kept.length < warmUpRounds + rounds; round++) {
    const times = await oneRound(contenders, round, operations);
    if (times !== null) kept.push(times);
    else if (++discarded > rounds) throw new Error('Too many rounds measured something else.');
  }
  const counted = kept.slice(warmUpRounds);
  const timesOf = (index: number): number[] => counted.map((times) => times[index] ?? Number.NaN);
  const baselineTimes = timesOf(0);
  return others.map(({ name }, index) => {
    const own = timesOf(index + 1);
    return {
      name,
      us: median(own),
      baselineUs: median(baselineTimes),
      ratio: spread(own.map((us, round) => us / (baselineTimes[round] ?? Number.NaN))),
      discarded,
    };
  });
}

/** Microseconds of an operation of each contender, whose turn comes first in every so many rounds; null: discard it. */
async function oneRound(
  contenders: readonly Contender[],
  round: number,
  operations: number,
): Promise<number[] | null> {
  const times = contenders.map(() => Number.NaN);
  for (let turn = 0; turn < contenders.length; turn++) {
    const index = (round + turn) % contenders.length;
    const us = await timed(contenders[index], operations);
    if (us === null) return null;
    times[index] = us;
  }
  return times;
}

async function timed(contender: Contender | undefined, operations: number): Promise<number | null> {
  // Timers and sockets get their turn, and one contender's garbage is not collected on another's time.
  await nextTurn();
  globalThis.gc?.();
  const begin = performance.now();
  const asWanted = await contender?.run(operations);
  const us = ((performance.now() - begin) * 1_000) / operations;
  return asWanted === true ? us : null;
}
