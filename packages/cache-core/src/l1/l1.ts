import { LRUCache } from 'lru-cache';
import { compareVersions, MAX_VERSION, NO_VERSION, type Version } from '../keys/version.ts';

/** A value in this process's memory, shared by everybody who reads it. */
export interface L1Entry<T> {
  readonly value: T | null;
  readonly version: Version;
  /** When it came into this memory: milliseconds since 1970. */
  readonly since: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Milliseconds since 1970, not later than `expiresAt`: from then on a reader has it refreshed. */
  refreshAt: number;
  /** `value`, already resolved, so that an awaited hit makes no promise. */
  readonly resolved: Promise<T | null>;
}

export interface L1Bounds {
  /** Default 10,000. */
  maxEntries: number;
  /** Sum of the stored JSON's lengths in UTF-16 units; unbounded when left out. */
  maxBytes?: number | undefined;
}

/** One entity's part of this process's memory: least recently used entries go first. Ids are the keys, so that a hit builds none. */
export class L1<T> {
  readonly #entries: LRUCache<string, L1Entry<T>>;

  constructor({ maxEntries, maxBytes = Number.MAX_SAFE_INTEGER }: L1Bounds) {
    this.#entries = new LRUCache({ max: maxEntries, maxSize: maxBytes });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Sum of the stored JSON's lengths in UTF-16 units. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get(id: string): L1Entry<T> | undefined {
    return this.#entries.get(id);
  }

  /** As `get`, and the entry is not used for it: it goes when it would have gone. */
  peek(id: string): L1Entry<T> | undefined {
    return this.#entries.peek(id);
  }

  /** Up to `count` ids that stand together, `from` places from the most or the least recently used one; none is used for it. */
  some(count: number, from: number, end: 'most-recent' | 'least-recent'): string[] {
    const ids: string[] = [];
    let place = 0;
    for (const id of end === 'most-recent' ? this.#entries.keys() : this.#entries.rkeys()) {
      if (place++ < from) continue;
      if (ids.length >= count) break;
      ids.push(id);
    }
    return ids;
  }

  /** Keeps what is there when that is newer. `bytes` is the length of the stored JSON. */
  put(id: string, entry: Omit<L1Entry<T>, 'resolved'>, bytes: number): void {
    const { value, version, since, expiresAt, refreshAt } = entry;
    const present = this.#entries.peek(id);
    if (present !== undefined && version !== NO_VERSION && compareVersions(present.version, version) > 0)
      return;
    // Written out: readers of all entries should see objects of one shape.
    const kept = { value, version, since, expiresAt, refreshAt, resolved: Promise.resolve(value) };
    this.#entries.set(id, kept, { size: Math.max(1, bytes) });
  }

  removeOlder(id: string, version: Version): void {
    const present = this.#entries.peek(id);
    if (present === undefined) return;
    if (version === MAX_VERSION || compareVersions(present.version, version) < 0) this.#entries.delete(id);
  }

  remove(id: string): void {
    this.#entries.delete(id);
  }

  clear(): void {
    this.#entries.clear();
  }
}
