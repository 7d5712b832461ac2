import { blessing } from './list/blessing.ts';
import { freshnessLease } from './list/freshness-lease.ts';
import { limitsAndValues } from './list/limits-and-values.ts';
import { oneKeyScripts } from './list/one-key-scripts.ts';
import { reading } from './list/reading.ts';
import { relay } from './list/relay.ts';
import { strongWrites } from './list/strong-writes.ts';
import type { Mutant } from './mutant.ts';

export type { Mutant } from './mutant.ts';

/** Every safeguard, left out one at a time. */
export const mutants: Mutant[] = [
  ...reading,
  ...freshnessLease,
  ...strongWrites,
  ...oneKeyScripts,
  ...relay,
  ...blessing,
  ...limitsAndValues,
];
