/** Log ids that are remembered at most. */
const REMEMBERED = 1_000;

/** Consecutive entries of the log that were applied in one renewal. */
interface Run {
  blessing: string;
  /** Number of the first and of the last. */
  from: number;
  to: number;
  /** Milliseconds since 1970. */
  at: number;
}

/**
 * When a replica applied the last thousand or so entries of the log, for operators. Ids are dense, so a renewal that
 * brought some is one run of them, and one that brought none costs nothing.
 */
export class AppliedMemory {
  readonly #runs: Run[] = [];
  #entries = 0;

  /** The last `count` entries up to `lastId` have been applied. */
  applied(lastId: string, count: number, at: number): void {
    if (count === 0) return;
    const { blessing, n } = parse(lastId);
    this.#runs.push({ blessing, from: n - count + 1, to: n, at });
    this.#entries += count;
    while (this.#entries > REMEMBERED && this.#runs.length > 1) {
      const oldest = this.#runs.shift();
      if (oldest !== undefined) this.#entries -= oldest.to - oldest.from + 1;
    }
  }

  /** Everything was forgotten, and reading goes on behind `lastId`: no entry before it can have left anything. */
  flushed(lastId: string, at: number): void {
    const { blessing, n } = parse(lastId);
    this.#runs.length = 0;
    this.#runs.push({ blessing, from: 0, to: n, at });
    this.#entries = n + 1;
  }

  /** When nothing older than this entry was in memory any more; null for what was not read yet, or too long ago. */
  when(logId: string): number | null {
    const { blessing, n } = parse(logId);
    const run = this.#runs.findLast((each) => each.blessing === blessing && each.from <= n && n <= each.to);
    return run?.at ?? null;
  }
}

function parse(logId: string): { blessing: string; n: number } {
  const [blessing = '', n = ''] = logId.split('-');
  return { blessing, n: Number(n) };
}
