/**
 * What the parts of this package tell each other. All times are milliseconds of this process's monotonic clock
 * (`performance.now()`), which nobody else's clock is compared with. Versions are decimal strings, as the services say them.
 */

export type Domain = 'user' | 'inventory';

/** What is read and written. `shared-stock` is stock that plain SQL changes too, and is therefore only bounded. */
export type Kind = 'profile' | 'session' | 'product' | 'stock' | 'shared-stock' | 'summary';

/** `create` only where there is no row, `replace` only where there is one, `put` in either case. */
export type Action =
  | 'read'
  | 'create'
  | 'replace'
  | 'put'
  | 'patch'
  | 'reserve'
  | 'delete'
  | 'sql-insert'
  | 'sql-update'
  | 'sql-delete';

/**
 * `ok`: the answer says what happened. `failed`: nothing was changed, for certain; a read that got no answer. `unknown`: it
 * may have happened, at any time after `start`, or never.
 */
export type Outcome = 'ok' | 'failed' | 'unknown';

export type Layer = 'l1' | 'l2' | 'origin';

/** One operation of one client, as the client saw it. */
export interface OperationRecord {
  readonly t: 'op';
  /** Unique in the history. */
  readonly id: number;
  readonly client: string;
  /** Whose reads carry the highest version that it has written or seen. */
  readonly session: string | null;
  /** `gateway`, the name of a replica, or `sql`. */
  readonly via: string;
  readonly op: Action;
  readonly kind: Kind;
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly outcome: Outcome;
  /** HTTP; 0 where there was no answer, or no HTTP. */
  readonly status: number;
  /** Of the row that was read or written; of a deletion. null: no row, or nobody knows. */
  readonly version: string | null;
  /** What was read, or was to be written: the quantity, or the marker in the name. null: no row, or it was not told. */
  readonly value: number | string | null;
  /** The units of a reservation. */
  readonly amount?: number;
  /** `Freshet-Min-Version` of a read. */
  readonly minVersion?: string;
  readonly layer: Layer | null;
  /** The cache's detail, or the problem's code. */
  readonly detail?: string;
}

/** How far a fault has come: sent on its way, seen to have had its effect, taken back. */
export interface FaultRecord {
  readonly t: 'fault';
  readonly name: string;
  readonly phase: 'injected' | 'proven' | 'healed';
  /** `injected`: before it was begun. `proven` and `healed`: after that was done. */
  readonly at: number;
  readonly evidence?: string;
  /** Replicas that, from `proven` to `healed`, have no way to prove their memory fresh. */
  readonly unproven?: readonly string[];
}

/** The first record: which run this is. */
export interface RunRecord {
  readonly t: 'run';
  readonly seed: number;
  /** How long a fault was to last; histories of before did not say it. */
  readonly seconds?: number;
  /** ISO 8601, of `at`. */
  readonly startedAt: string;
  readonly at: number;
  readonly replicas: readonly { readonly name: string; readonly service: string }[];
}

/** Whether a process said that it is ready, looked at again and again while the run goes on. */
export interface ReadyProbe {
  readonly t: 'probe';
  readonly what: 'ready';
  readonly at: number;
  readonly process: string;
  readonly ready: boolean;
}

/** What one place holds of one key, after the quiet at the end. */
export interface HeldProbe {
  readonly t: 'probe';
  readonly what: 'held';
  readonly at: number;
  readonly kind: Kind;
  readonly key: string;
  readonly place: 'postgres' | 'l2' | 'l1';
  /** The replica, for `l1`. */
  readonly replica?: string;
  /** null: no row, or it holds a 'not found'. */
  readonly version: string | null;
  readonly value: number | string | null;
}

/** A replica did not answer a key from its memory after the quiet, however often it was asked: nobody knows what it holds of it. */
export interface UnseenProbe {
  readonly t: 'probe';
  readonly what: 'unseen';
  readonly at: number;
  readonly kind: Kind;
  readonly key: string;
  readonly replica: string;
}

/** A level that must come back to where it was. */
export interface LevelProbe {
  readonly t: 'probe';
  readonly what: 'level';
  readonly at: number;
  /** `first`: before the first run that the same process was in, of several runs of one system. */
  readonly when: 'first' | 'before' | 'after';
  /** A process, `postgres` or `redis-cache`. */
  readonly process: string;
  readonly measure: 'memory' | 'connections' | 'timers';
  /** Bytes, or how many. */
  readonly value: number;
}

export interface DeadLetterProbe {
  readonly t: 'probe';
  readonly what: 'dead-letter';
  readonly at: number;
  readonly domain: string;
  readonly id: string;
  readonly reason: string | null;
}

/** Rows of a domain's outbox that still wait, after the quiet. */
export interface PendingProbe {
  readonly t: 'probe';
  readonly what: 'pending';
  readonly at: number;
  readonly domain: string;
  readonly count: number;
}

/** Whether the system was well again within the time that it is given. */
export interface RecoveryProbe {
  readonly t: 'probe';
  readonly what: 'recovery';
  readonly at: number;
  /** What did not come back; null: all is well. */
  readonly failure: string | null;
}

export type ProbeRecord =
  | ReadyProbe
  | RecoveryProbe
  | HeldProbe
  | UnseenProbe
  | LevelProbe
  | DeadLetterProbe
  | PendingProbe;

export type HistoryRecord = RunRecord | OperationRecord | FaultRecord | ProbeRecord;

/** Appends to `history.ndjson`. Buffered; `close` returns when all of it is in the file. */
export interface HistoryWriter {
  append(record: HistoryRecord): void;
  close(): Promise<void>;
}

export interface TargetProcess {
  readonly name: string;
  readonly service: string;
  readonly url: string;
  readonly pid: number;
}

/** The system under test. Read again at each use: processes that were started again may have other addresses and pids. */
export interface Target {
  readonly gateway: string;
  /** Of both services. */
  readonly replicas: readonly TargetProcess[];
  readonly relays: readonly TargetProcess[];
  readonly databases: Readonly<Record<Domain, string>>;
  /** Straight to the servers: no fault lies in between. */
  readonly redisCache: string;
}

export interface LoadOptions {
  readonly seed: number;
  readonly history: HistoryWriter;
  /** Closed loops; default 64. */
  readonly clients?: number;
  /** Of each kind; default 50. */
  readonly keys?: number;
  /** Operations a second, of all clients together, at most; default 1,500. */
  readonly rate?: number;
}

export interface Load {
  /** How many operations have ended so far, and how many of them did not end well. For the progress line. */
  readonly counts: { readonly operations: number; readonly failed: number; readonly unknown: number };
  /** Resolves when the last operation has ended. May be called again. */
  stop(): Promise<void>;
  /** After `stop` and the quiet: writes what every place holds of every key, dead letters and pending rows. */
  lookAround(): Promise<void>;
}

/** Looks at readiness of every process until it is stopped. */
export interface Watch {
  stop(): Promise<void>;
}

/** A named reason why an invariant does not hold for a while; all that it excused is in the report. */
export interface Exemption {
  readonly name: string;
  readonly invariant: InvariantId;
  /** The fault that brings it about. It lasts from `injected` to so many milliseconds after `proven`. */
  readonly fault: string;
  readonly forMs: number;
}

export type InvariantId =
  | 'bounded-staleness'
  | 'l1-share'
  | 'availability'
  | 'linearizable-stock'
  | 'session-order'
  | 'no-oversell'
  | 'no-lost-write'
  | 'no-phantom'
  | 'quiet-caches-equal-postgres'
  | 'no-unproven-l1'
  | 'readiness'
  | 'levels'
  | 'dead-letters';

export interface CheckOptions {
  /** Default 2,000. */
  readonly maxStalenessMs?: number;
  readonly exemptions?: readonly Exemption[];
}

export interface Violation {
  readonly message: string;
  /** Ids of the operations that show it. */
  readonly operations: readonly number[];
}

export interface InvariantVerdict {
  readonly id: InvariantId;
  /** How many things were judged: operations, keys, processes. */
  readonly checked: number;
  /** The first hundred. */
  readonly violations: readonly Violation[];
  readonly violationCount: number;
  /** What should have been judged and could not be: the first hundred in words, and how many. */
  readonly unseen: readonly string[];
  readonly unseenCount: number;
  /** By the name of the exemption: what it excused. */
  readonly exempted: Readonly<Record<string, number>>;
  /** The worst that was seen, in the invariant's own measure; milliseconds for staleness. */
  readonly worst?: number;
}

export interface Verdict {
  /** That at least one invariant has judged. */
  readonly operations: number;
  /** All that were sent. */
  readonly sent: number;
  /** Without those that were refused for a reason of their own, such as too few units. */
  readonly failed: number;
  readonly unknown: number;
  readonly invariants: readonly InvariantVerdict[];
  /** From `healed` until all processes are ready, and memory answers again on every replica; null without a fault, or never. */
  readonly recoveryMs: number | null;
}

/** A run that did not come to what it was meant for. */
export interface Shortfall {
  /** Of its faults. */
  readonly name: string;
  readonly why: string;
}

/** What a matrix lacks. */
export interface Shortfalls {
  /** Runs that showed nothing: a fault that did not fire, a system that was not well to begin with. */
  readonly inconclusive: readonly Shortfall[];
  /** Faults that this machine, or this system, does not allow. */
  readonly impossible: readonly Shortfall[];
}

/** One run of the tool, for the report. */
export interface RunSummary {
  /** One fault, or several at once; none: what the system does in peace. */
  readonly faults: readonly string[];
  readonly seed: number;
  readonly seconds: number;
  readonly historyFile: string;
  /** Broken promises count also where nothing was shown. */
  readonly verdict: Verdict;
  /** Why the run does not show that the system stands its faults: one did not fire, or nothing was there to judge. */
  readonly nothingShown?: string;
  /** The safeguard that was taken out, with the seconds until what it must break was found broken; null: not within 120 s. Absent in an honest run. */
  readonly mutant?: { readonly name: string; readonly foundAfterSeconds: number | null };
}
