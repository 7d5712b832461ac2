/** Of both tables. */
export const KEYS = ['a', 'b'] as const;

/** What a client asks for, at an instant, of one replica. */
export interface Operation {
  at: number;
  kind:
    | 'read'
    | 'read-own'
    /** Of both keys at once, as the next one. */
    | 'read-many'
    | 'strong-read-many'
    | 'write'
    | 'delete'
    | 'sql-write'
    | 'sql-delete'
    /** Changes the row as a rewrite of the table does, which no trigger sees, and invalidates the whole entity in one transaction. */
    | 'rewrite'
    | 'sql-rewrite'
    /** Invalidates a whole entity, in which nothing has changed. */
    | 'invalidate-all'
    | 'strong-invalidate-all'
    /** Invalidates one key by hand. */
    | 'sql-invalidate'
    /** Writes outbox rows that name nothing which could be cached. */
    | 'sql-malformed'
    | 'strong-read'
    | 'strong-write'
    | 'strong-take'
    | 'strong-delete';
  replica: number;
  key: string;
  value: number;
}

/** What goes wrong, at an instant. */
export interface Fault {
  at: number;
  kind:
    | 'kill'
    | 'pause'
    | 'suspend'
    | 'step-clock'
    | 'cut-redis'
    | 'stall-redis'
    | 'cut-postgres'
    | 'stall-postgres'
    | 'lose-doorbells'
    | 'queue-down'
    | 'redis-restart-empty'
    | 'redis-restart-snapshot'
    | 'redis-failover'
    | 'redis-pause'
    /** A process is led to a replica of Redis that stopped following `ms` ago, and is led back a little later. */
    | 'lead-astray'
    | 'flush-all'
    | 'evict'
    /** Keys are evicted one after another, whatever has a TTL. */
    | 'short-of-memory'
    | 'trim-log'
    /** The log is never longer than one entry. */
    | 'short-log'
    /** Another release, or a hand, leaves something that is not understood: under a key, or in the log. */
    | 'garbage'
    /** A process ends as on SIGTERM, and comes up again. */
    | 'shut-down'
    /** DROPs, APPENDs and the like arrive once more, some time later. */
    | 'repeat-commands'
    /** As a failover, but nobody demotes the old primary: it goes on, and so do the replicas' connections to it. */
    | 'redis-forgotten-primary'
    | 'postgres-restart'
    | 'postgres-failover'
    | 'postgres-restore'
    | 'new-schema-version'
    /** The loads of one replica throw, as where its database refuses them. */
    | 'fail-loads'
    /** Those that begin have read soon, and answer only at the end. */
    | 'slow-loads'
    /** All relays die while the clock of Redis steps back, so that its watermark looks young. */
    | 'hidden-dead-relays';
  /** Of a process: `replica-0`, `relay-1`; of a key. */
  target?: string;
  ms?: number;
  direction?: 'toServer' | 'toClient';
}

/** Which of a policy's options a schedule runs with, beside the ones that every cache has. */
export interface GrownCache {
  /** Short enough that entries expire while the schedule runs. */
  ttlMs: number;
  /** 0: off. */
  refreshAhead: number;
  staleIfErrorMs: number;
  /** Loads of many keys are one query. */
  loadMany: boolean;
  /** Few, so that loads wait for one another. */
  loadConcurrency?: number;
}

/** One schedule, whole: with its seed it always runs the same way. */
export interface Plan {
  seed: number;
  replicas: number;
  /** Of each replica: a rolling deploy that stands still half-way has two. */
  schemaVersions: number[];
  relays: number;
  durationMs: number;
  /** Of Redis' answers, each way; Postgres is two to four times as slow. */
  slowestMs: number;
  /** The bounded entity serves L2 to its TTL while freshness is not proven: then only memory's answers are bounded. */
  serve: boolean;
  grown?: GrownCache;
  /** How long relays keep applied rows; without it one of three, by the seed. */
  purgeAfterMs?: number;
  operations: Operation[];
  faults: Fault[];
}
