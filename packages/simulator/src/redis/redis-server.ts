import type {
  Appended,
  Blessing,
  DropAnswer,
  Laggards,
  LeaseAnswer,
  LogEntry,
  PublishAnswer,
  Renewal,
  ReplicaRecord,
  ServerStatus,
  Version,
} from '@freshet/cache-core/protocol';

/**
 * One Redis server as the protocol sees it: each method is one script, run atomically when the server gets to it. The
 * contracts are those in the headers of cache-core's Lua files.
 */
export interface RedisServer {
  get(key: string): string | null;
  lease(key: string, token: string, validFrom: number, fillLeaseMs: number): LeaseAnswer;
  fill(key: string, token: string, entry: string, ttlMs: number): boolean;
  refresh(key: string, seenVersion: Version, entry: string, ttlMs: number): boolean;
  drop(key: string, version: Version): DropAnswer;
  clearFence(key: string): boolean;
  fence(key: string, token: string, fenceMs: number): { primary: boolean; history: string };
  publish(
    key: string,
    token: string,
    version: Version,
    stored: { entry: string; ttlMs: number } | null,
  ): PublishAnswer;
  status(): ServerStatus;
  /** @throws FRESHET_UNBLESSED, FRESHET_OTHER_BLESSING */
  append(blessing: number, entries: readonly LogEntry[]): Appended;
  renew(replicaId: string, lastId: string, leaseMs: number): Renewal;
  release(replicaId: string): void;
  /** @throws FRESHET_UNBLESSED */
  laggards(logId: string): Laggards;
  watermark(mark: { history: string; blessing: number; timeMs: number; appliedNo: Version }): boolean;
  bless(blessing: Blessing): boolean;
  replicas(): ReplicaRecord[];
  /** Every key that begins with `prefix`, in any order. */
  scan(prefix: string): string[];
}

/** What can happen to a Redis server. */
export interface RedisFaults {
  /** The data set as it is now, for `restart` or for a replica that was in step until now. */
  snapshot(): RedisSnapshot;
  /** A new process with this data set, or an empty one: a primary with a history of its own. */
  restart(snapshot?: RedisSnapshot): void;
  /** Not a primary any more: writes are refused with an error whose message begins with READONLY. */
  demote(): void;
  flushAll(): void;
  /** Removes one key, as an eviction or a hand does. */
  remove(key: string): void;
  /** Keeps only the newest `length` entries of the log. */
  trimLog(length: number): void;
}

/** Opaque; independent of the server it was taken from. */
export interface RedisSnapshot {
  readonly taken: 'redis';
}
