import type { Spread } from './measure/statistics.ts';

export interface Target {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Something of ours beside what it is measured by. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly what: string;
  readonly against: string;
  readonly unit: 'µs' | 'req/s';
  readonly measured: number;
  readonly baseline: number;
  /** measured / baseline, of each round; for rates too. */
  readonly ratio: Spread;
  /** Rounds that measured something else, and are not among the others. */
  readonly discarded: number;
  readonly target?: Target;
}

/** How long something took, many times. Milliseconds. */
export interface Latency {
  readonly kind: 'latency';
  readonly what: string;
  readonly samples: number;
  /** Samples that measured something else, and are not among the others. */
  readonly discarded: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How much of a processor's core something takes. */
export interface Share {
  readonly kind: 'share';
  readonly what: string;
  /** 1 is a whole core. */
  readonly share: Spread;
  readonly target?: Target;
}

export type Result = Comparison | Latency | Share;

/** `unsure`: the median meets the target and some rounds did not, or the other way round. */
export type Verdict = 'met' | 'missed' | 'met, unsure' | 'missed, unsure' | '';

export function verdict(result: Comparison | Share): Verdict {
  const { target } = result;
  const spread = result.kind === 'share' ? result.share : result.ratio;
  if (target === undefined) return '';
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = target;
  const meets = (value: number): boolean => value <= atMost && value >= atLeast;
  const word = meets(spread.median) ? 'met' : 'missed';
  return meets(spread.min) === meets(spread.max) ? word : `${word}, unsure`;
}
