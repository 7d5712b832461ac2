import type { Consistency, ConsistencyWindow } from '../operator-api/schemas/overview.ts';
import type { Layer } from './copy.ts';

export type { Consistency } from '../operator-api/schemas/overview.ts';

/** In milliseconds. */
export const WINDOWS = { '1m': 60_000, '5m': 300_000, '1h': 3_600_000 } as const;

const BUCKET_MS = 10_000;

/** Samples of ten seconds; `slot` counts them since 1970. */
export type Bucket = [slot: number, samples: number, stale: number];

export type Buckets = Record<Layer, Bucket[]>;

/** How many samples were as fresh as promised, over the last hour. Its buckets can be handed to another relay. */
export class ConsistencyCount {
  readonly buckets: Buckets;

  constructor(buckets: Buckets = { l1: [], l2: [] }) {
    this.buckets = buckets;
  }

  add(layer: Layer, stale: boolean, wallMs: number): void {
    const slot = Math.floor(wallMs / BUCKET_MS);
    const buckets = this.buckets[layer];
    let last = buckets.at(-1);
    if (last === undefined || last[0] < slot) {
      last = [slot, 0, 0];
      buckets.push(last);
      if (buckets.length > WINDOWS['1h'] / BUCKET_MS) buckets.shift();
    }
    last[1]++;
    if (stale) last[2]++;
  }
}

/** The windows that end at `wallMs`. */
export function consistencyOf(buckets: Buckets, wallMs: number): Consistency {
  const of = (layer: Layer) => ({
    '1m': windowOf(buckets[layer], wallMs - WINDOWS['1m']),
    '5m': windowOf(buckets[layer], wallMs - WINDOWS['5m']),
    '1h': windowOf(buckets[layer], wallMs - WINDOWS['1h']),
  });
  return { l1: of('l1'), l2: of('l2') };
}

function windowOf(buckets: readonly Bucket[], sinceMs: number): ConsistencyWindow {
  let samples = 0;
  let stale = 0;
  for (const [slot, all, old] of buckets) {
    // A bucket counts until its end has left the window.
    if ((slot + 1) * BUCKET_MS <= sinceMs) continue;
    samples += all;
    stale += old;
  }
  return { samples, stale, nines: ninesOf(samples, stale) };
}

/** Without a stale one among n: what n samples can show, as if the next one were. */
function ninesOf(samples: number, stale: number): number | null {
  if (samples === 0) return null;
  const oneIn = stale === 0 ? samples + 1 : samples / stale;
  return Math.round(Math.log10(oneIn) * 100) / 100;
}

/** Null without a sample. */
export function ratioOf({ samples, stale }: ConsistencyWindow): number | null {
  return samples === 0 ? null : 1 - stale / samples;
}
