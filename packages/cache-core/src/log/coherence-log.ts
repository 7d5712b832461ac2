import type { Version } from '../keys/version.ts';
import type { LogEntry } from './log-entry.ts';

/** Who a Redis server is, and what its head of this domain says. */
export interface ServerStatus {
  /** The server's clock. */
  timeMs: number;
  primary: boolean;
  /** A primary whose head names its own history. */
  blessed: boolean;
  /** New at every restart and promotion. */
  history: string;
  /** The head's blessing, of whatever history; 0 when there is no head. */
  blessing: number;
  origin: string | null;
  asOf: number | null;
  /** Rows with an applied_no up to this have been dropped here, and marked. */
  appliedNo: Version | null;
  /** Entries of older blessings are void. */
  validFrom: number | null;
}

/** The limits of a domain; they change only with a new blessing. All in milliseconds. */
export interface DomainLimits {
  leaseMs: number;
  maxStalenessMs: number;
  strongTransactionMs: number;
}

export interface Blessing {
  blessing: number;
  /** The history that was brought up to date. */
  history: string;
  /** Entries of older blessings are void. */
  validFrom: number;
  origin: string;
  asOf: number;
  appliedNo: Version;
  limits: DomainLimits;
}

export type Renewal =
  | { kind: 'unblessed' }
  /** The server's clock stepped back, and no relay has looked since. */
  | { kind: 'no-watermark' }
  | { kind: 'reset'; blessing: number; validFrom: number; lastId: string }
  | {
      kind: 'ok';
      blessing: number;
      validFrom: number;
      lastId: string;
      /** What was granted, at most what was asked for; 0 when the answer before this one was lost: renew again. */
      leaseMs: number;
      /** The server's time minus `asOf`. */
      ageMs: number;
      asOf: number;
      maxStalenessMs: number;
      /** null where an entry was not understood. */
      entries: readonly (LogEntry | null)[];
    };

export interface Appended {
  history: string;
  blessing: number;
  lastId: string;
}

export interface Laggards {
  history: string;
  blessing: number;
  count: number;
  /** Until the last of their leases has run out. */
  waitMs: number;
}

export interface ReplicaRecord {
  replicaId: string;
  /** On the server's clock. */
  leaseUntilMs: number;
  live: boolean;
  appliedId: string;
  /** Log entries not applied yet; null under another blessing. */
  lag: number | null;
}

/** A domain's invalidation log and head on its Redis, `{coherence:<domain>}:*`. Each method is one script; see its header. */
export interface CoherenceLog {
  status(): Promise<ServerStatus>;
  /** @throws FRESHET_UNBLESSED, FRESHET_OTHER_BLESSING */
  append(blessing: number, entries: readonly LogEntry[]): Promise<Appended>;
  renew(replicaId: string, lastId: string, leaseMs: number): Promise<Renewal>;
  release(replicaId: string): Promise<void>;
  /** @throws FRESHET_UNBLESSED */
  laggards(logId: string): Promise<Laggards>;
  /** false when refused. */
  watermark(mark: {
    history: string;
    blessing: number;
    timeMs: number;
    appliedNo: Version;
  }): Promise<boolean>;
  /** false when refused. */
  bless(blessing: Blessing): Promise<boolean>;
  replicas(): Promise<ReplicaRecord[]>;
  /** Tells the replicas that there is something new in the log. Nothing breaks if it is lost. */
  ring(): Promise<void>;
  /** Tells the relays that there is something new in the outbox. Nothing breaks if it is lost. */
  ringRelays(): Promise<void>;
}
