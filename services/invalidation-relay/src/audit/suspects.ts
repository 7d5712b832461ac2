import { compareVersions, NO_VERSION, type Version } from '@freshet/cache-core/protocol';
import { type Copy, type Standing, standing } from './copy.ts';
import type { Look } from './look.ts';

/** A copy that was not its row's version when both were looked at. */
export interface Suspect {
  readonly copy: Copy;
  readonly standing: Exclude<Standing, 'same' | 'unknown'>;
  /** Of the row as it was then; null for none. */
  readonly rowVersion: Version | null;
  /** On the monotonic clock, and on Redis's: an instant after the row was read. */
  readonly seenAt: number;
  readonly redisMs: number;
}

/** The copies of one version of one unversioned key differ by their age only: by more than a look takes. */
const AGE_MARGIN_MS = 1_000;
/** Decided by then, or by nobody: a replica that does not answer any more, a watermark that stands still. */
const UNDECIDED_AFTER_MS = 60_000;
const MOST_SUSPECTS = 1_000;

/**
 * Copies that have to be looked at again: an update that is under way is no fault. What was promised is that nobody gets
 * a value that was overwritten longer ago than `maxStaleness`; so whatever a reader gets after that is compared with the row
 * as it was before, not as it is by then.
 */
export class Suspects {
  readonly #suspects = new Map<string, Suspect>();

  has(id: string): boolean {
    return this.#suspects.has(id);
  }

  /** Forgets the rest when there are too many: the next round finds as many again. */
  add(suspect: Suspect): void {
    if (this.#suspects.size < MOST_SUSPECTS) this.#suspects.set(suspect.copy.id, suspect);
  }

  /** Seen so long ago that what was promised must have been kept by now. */
  due(now: number, boundMs: number): Suspect[] {
    return [...this.#suspects.values()].filter(({ seenAt }) => now - seenAt > boundMs);
  }

  /** What the look that came after the bound makes of it. `asOf`: the watermark, read before that look. */
  decide(suspect: Suspect, after: Look, { now, asOf }: { now: number; asOf: number | null }) {
    const decision = decide(suspect, after, now, asOf);
    if (decision !== 'wait') this.#suspects.delete(suspect.copy.id);
    else if (now - suspect.seenAt > UNDECIDED_AFTER_MS) this.#suspects.delete(suspect.copy.id);
    return decision;
  }
}

function decide(
  suspect: Suspect,
  after: Look,
  now: number,
  asOf: number | null,
): 'wait' | 'in-flight' | 'stale' {
  const { copy, redisMs } = suspect;
  if (copy.replicaId !== null && !after.answered.has(copy.replicaId)) return 'wait';
  const present = after.copies.get(copy.id);
  if (present === undefined || !isOld(suspect, present, after, now)) return 'in-flight';
  // Until the watermark has passed the row, nobody who goes by it gets anything from L2.
  return copy.layer === 'l2' && (asOf === null || asOf < redisMs) ? 'wait' : 'stale';
}

function isOld(
  { copy, standing: was, rowVersion, seenAt }: Suspect,
  present: Copy,
  after: Look,
  now: number,
) {
  switch (was) {
    case 'older':
      return (
        present.version !== NO_VERSION &&
        rowVersion !== null &&
        compareVersions(present.version, rowVersion) < 0
      );
    case 'deleted':
      return present.version === copy.version;
    case 'ahead': {
      const row = after.rows.get(copy.named.key);
      return present.version === copy.version && row !== undefined && standing(present, row) === 'ahead';
    }
    case 'unversioned':
      return present.version === NO_VERSION && present.ageMs > now - seenAt + AGE_MARGIN_MS;
  }
}

/** Whether a copy without a version was there before its key was invalidated, so long ago. */
export function survived({ ageMs }: Copy, invalidatedMs: number): boolean {
  return ageMs > invalidatedMs + AGE_MARGIN_MS;
}
