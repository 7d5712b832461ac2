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

export type Result = Comparison | Latency;

/** `unsure`: the median meets the target and some rounds did not, or the other way round. */
export type Verdict = 'met' | 'missed' | 'met, unsure' | 'missed, unsure' | '';

export function verdict({ ratio, target }: Comparison): Verdict {
  if (target === undefined) return '';
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = target;
  const meets = (value: number): boolean => value <= atMost && value >= atLeast;
  const word = meets(ratio.median) ? 'met' : 'missed';
  return meets(ratio.min) === meets(ratio.max) ? word : `${word}, unsure`;
}
