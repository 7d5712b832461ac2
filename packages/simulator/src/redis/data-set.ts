import type { LogEntry } from '@freshet/cache-core/protocol';
import type { RedisSnapshot } from './redis-server.ts';

export interface StoredText {
  text: string;
  /** The last ms of the server's clock at which the key is still there; Infinity without a TTL. */
  lastMs: number;
}

/** The hash `{coherence:<domain>}:head`. Blessings stay text, as the scripts compare them. */
export interface Head {
  history: string;
  blessing: string;
  validFrom: number;
  origin: string;
  /** Number of the last log entry. */
  last: number;
  /** null once the server's clock has stepped back, until the next mark. */
  asOf: number | null;
  /** The latest time that a renewal has shown. */
  seen?: number;
  appliedNo: string;
  leaseMs: number;
  maxStalenessMs: number;
  strongTransactionMs: number;
}

/** The log ids that a replica has applied, and was told. */
export interface Applied {
  applied: string;
  told: string;
}

/** Everything that one Redis server holds, for one domain. */
export class DataSet implements RedisSnapshot {
  readonly taken = 'redis';
  readonly texts: Map<string, StoredText>;
  readonly applied: Map<string, Applied>;
  /** replicaId → end of its lease, ms of the server's clock. */
  readonly leases: Map<string, number>;
  head: Head | null;
  /**
   * What a reader of each entry understands, null for nothing. Ids are dense and end with the head's `last`, so that
   * they need not be kept.
   */
  log: (LogEntry | null)[];

  constructor(copied?: DataSet) {
    this.texts = new Map();
    for (const [key, { text, lastMs }] of copied?.texts ?? []) this.texts.set(key, { text, lastMs });
    this.applied = new Map(copied?.applied);
    this.leases = new Map(copied?.leases);
    this.head = copied?.head ? { ...copied.head } : null;
    this.log = copied ? [...copied.log] : [];
  }
}
