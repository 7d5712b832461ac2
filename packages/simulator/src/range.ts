/** Seeds `from` to `from + count − 1`. */
export interface Range {
  from: number;
  count: number;
}

export interface RangeResult {
  schedules: number;
  events: number;
  operations: number;
  /** Reads answered by each layer. */
  layers: { l1: number; l2: number; origin: number };
  failures: { seed: number; rule: string; message: string }[];
}

export function nothingRun(): RangeResult {
  return { schedules: 0, events: 0, operations: 0, layers: { l1: 0, l2: 0, origin: 0 }, failures: [] };
}

export function add(totals: RangeResult, result: RangeResult): void {
  totals.schedules += result.schedules;
  totals.events += result.events;
  totals.operations += result.operations;
  for (const layer of ['l1', 'l2', 'origin'] as const) totals.layers[layer] += result.layers[layer];
  totals.failures.push(...result.failures);
}
