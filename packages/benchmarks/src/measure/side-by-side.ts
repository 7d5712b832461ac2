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
  readonly elapsed: Compared;
  /** Of this process, all threads: what others take from a busy machine is not in it. */
  readonly cpu: Compared;
  /** Rounds that were thrown away, since one contender did something else in them. */
  readonly discarded: number;
}

export interface Compared {
  /** Of one operation, in microseconds: the median of the rounds. */
  readonly us: number;
  readonly baselineUs: number;
  /** Its time over the baseline's, in the same round. */
  readonly ratio: Spread;
}

/** Microseconds of one operation. */
interface Time {
  readonly elapsed: number;
  readonly cpu: number;
}

/**
 * Times the contenders in turns within one process: A B C, B C A, … What disturbs the machine for longer than a turn
 * disturbs all of them, so each round yields a ratio of its own, and their spread says what the median is worth.
 */
export async function sideBySide(options: SideBySideOptions): Promise<Measured[]> {
  const { baseline, others, operations, rounds, warmUpRounds } = options;
  const contenders = [baseline, ...others];
  const kept: Time[][] = [];
  let discarded = 0;
  for (let round = 0; kept.length < warmUpRounds + rounds; round++) {
    const times = await oneRound(contenders, round, operations);
    if (times !== null) kept.push(times);
    else if (++discarded > rounds) throw new Error('Too many rounds measured something else.');
  }
  const counted = kept.slice(warmUpRounds);
  return others.map(({ name }, index) => ({
    name,
    elapsed: compare(counted, index + 1, ({ elapsed }) => elapsed),
    cpu: compare(counted, index + 1, ({ cpu }) => cpu),
    discarded,
  }));
}

function compare(rounds: readonly Time[][], index: number, figure: (time: Time) => number): Compared {
  const timesOf = (contender: number): number[] =>
    rounds.flatMap((times) => times[contender] ?? []).map(figure);
  const own = timesOf(index);
  const baseline = timesOf(0);
  return {
    us: median(own),
    baselineUs: median(baseline),
    ratio: spread(own.map((us, round) => us / (baseline[round] ?? Number.NaN))),
  };
}

/** The time of each contender, whose turn comes first in every so many rounds; null: discard the round. */
async function oneRound(
  contenders: readonly Contender[],
  round: number,
  operations: number,
): Promise<Time[] | null> {
  const times: Time[] = [];
  for (let turn = 0; turn < contenders.length; turn++) {
    const index = (round + turn) % contenders.length;
    const time = await timed(contenders[index], operations);
    if (time === null) return null;
    times[index] = time;
  }
  return times;
}

async function timed(contender: Contender | undefined, operations: number): Promise<Time | null> {
  // Timers and sockets get their turn, and one contender's garbage is not collected on another's time.
  await nextTurn();
  globalThis.gc?.();
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  const asWanted = await contender?.run(operations);
  const elapsed = (performance.now() - begin) * 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return asWanted === true ? { elapsed: elapsed / operations, cpu: (user + system) / operations } : null;
}
