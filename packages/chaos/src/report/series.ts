import { stalenessOf } from '../checker/bounded-staleness.ts';
import { faultWindows } from '../checker/fault-windows.ts';
import type { RecordedRun } from '../checker/recorded-run.ts';
import { timelineOf } from '../checker/timeline.ts';
import type { Layer, OperationRecord } from '../contract.ts';
import { isOfTheLoad } from '../history/of-the-load.ts';
import { isRefusal } from '../history/refusal.ts';

const BUCKET_MS = 250;
const MAX_STALENESS_MS = 2_000;
const LAYERS: readonly Layer[] = ['l1', 'l2', 'origin'];

/** What happened in a quarter of a second. Times in seconds since the load began. */
export interface Bucket {
  readonly at: number;
  /** Milliseconds, of what was answered; null when nothing was. */
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
  /** Shares of the reads, by where they were answered. */
  readonly layers: Readonly<Record<Layer, number>> | null;
  /** Of the most stale answer, milliseconds. */
  readonly stalenessMs: number;
  /** Per second. */
  readonly failed: number;
  readonly unknown: number;
}

export interface Series {
  readonly buckets: readonly Bucket[];
  /** When each fault was there, in the same seconds. */
  readonly faults: readonly { readonly name: string; readonly from: number; readonly until: number }[];
}

/** A run over time: by when an operation ended. */
export function seriesOf(run: RecordedRun): Series {
  const load = run.operations.filter(isOfTheLoad);
  const [first] = load;
  const last = load.reduce((end, operation) => Math.max(end, operation.end), 0);
  if (first === undefined) return { buckets: [], faults: [] };
  const origin = first.start;
  const indexOf = ({ end }: OperationRecord): number => Math.floor((end - origin) / BUCKET_MS);
  const staleness = new Map<number, number>();
  for (const history of run.keys) {
    const timeline = timelineOf(history, MAX_STALENESS_MS);
    for (const read of history.operations) {
      if (read.op !== 'read' || read.outcome !== 'ok') continue;
      const index = indexOf(read);
      staleness.set(index, Math.max(staleness.get(index) ?? 0, stalenessOf(read, timeline) ?? 0));
    }
  }
  const groups = Map.groupBy(load, indexOf);
  const count = Math.floor((last - origin) / BUCKET_MS);
  return {
    buckets: Array.from({ length: count }, (_, index) => ({
      at: (index * BUCKET_MS) / 1_000,
      ...bucketOf(groups.get(index) ?? []),
      stalenessMs: staleness.get(index) ?? 0,
    })),
    faults: faultWindows(run.faults).map(({ name, injectedAt, healedAt }) => ({
      name,
      from: (injectedAt - origin) / 1_000,
      until: (Math.min(healedAt, last) - origin) / 1_000,
    })),
  };
}

function bucketOf(operations: readonly OperationRecord[]): Omit<Bucket, 'at' | 'stalenessMs'> {
  const durations = operations
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ start, end }) => end - start)
    .toSorted((one, other) => one - other);
  const reads = operations.filter(({ layer }) => layer !== null);
  const share = (layer: Layer): number => reads.filter((read) => read.layer === layer).length / reads.length;
  const perSecond = (outcome: string): number =>
    (operations.filter((one) => one.outcome === outcome && !isRefusal(one)).length * 1_000) / BUCKET_MS;
  const [l1 = 0, l2 = 0, origin = 0] = LAYERS.map(share);
  return {
    medianMs: quantile(durations, 0.5),
    p99Ms: quantile(durations, 0.99),
    layers: reads.length === 0 ? null : { l1, l2, origin },
    failed: perSecond('failed'),
    unknown: perSecond('unknown'),
  };
}

function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
