import { FreshetError } from '@freshet/cache-core';
import {
  type Appended,
  type Blessing,
  compareVersions,
  type DropAnswer,
  decodeLogEntry,
  encodeLogEntry,
  type Laggards,
  type LeaseAnswer,
  type LogEntry,
  limits,
  MAX_VERSION,
  NO_VERSION,
  type PublishAnswer,
  type Renewal,
  type ReplicaRecord,
  type ServerStatus,
  type Version,
} from '@freshet/cache-core/protocol';
import { DataSet, type Head } from './data-set.ts';
import { lastId, numberUnder } from './log-id.ts';
import type { RedisFaults, RedisServer, RedisSnapshot } from './redis-server.ts';
import { ABSENT, fenceText, leaseText, readStoredValue, type StoredValue } from './stored-value.ts';

export interface MemoryRedisOptions {
  /** This server's wall clock; whole milliseconds are taken of it. */
  nowMs: () => number;
  /** 40 hexadecimal digits, new for each start and promotion. */
  newHistory: () => string;
}

const READ_ONLY = "READONLY You can't write against a read only replica.";
const GRANTED: LeaseAnswer = { kind: 'granted' };
const OTHERS_LEASE: LeaseAnswer = { kind: 'lease' };
const FENCED: LeaseAnswer = { kind: 'fence' };

/**
 * One Redis server that holds one domain, in memory: what cache-core's Lua scripts answer and leave behind, and
 * nothing else of Redis. `conformance.test.ts` compares it with the real one.
 *
 * Does without values of Redis types other than the scripts' own, and without durations that are not whole numbers.
 */
export class MemoryRedis implements RedisServer, RedisFaults {
  readonly #nowMs: () => number;
  readonly #newHistory: () => string;
  #history: string;
  #primary = true;
  #data = new DataSet();

  constructor({ nowMs, newHistory }: MemoryRedisOptions) {
    this.#nowMs = nowMs;
    this.#newHistory = newHistory;
    this.#history = newHistory();
  }

  get(key: string): string | null {
    return this.#text(key, this.#now()) ?? null;
  }

  lease(key: string, token: string, validFrom: number, fillLeaseMs: number): LeaseAnswer {
    const now = this.#now();
    const text = this.#text(key, now);
    if (text !== undefined) {
      const value = readStoredValue(text, now);
      if (value.kind === 'entry' && value.blessing >= validFrom) return { kind: 'entry', text };
      if (value.kind === 'lease') return OTHERS_LEASE;
      if (value.kind === 'fence') return FENCED;
    }
    this.#setWithTtl(key, leaseText(token), fillLeaseMs, now);
    return GRANTED;
  }

  fill(key: string, token: string, entry: string, ttlMs: number): boolean {
    const now = this.#now();
    if (this.#text(key, now) !== leaseText(token)) return false;
    this.#setWithTtl(key, entry, ttlMs, now);
    return true;
  }

  refresh(key: string, seenVersion: Version, entry: string, ttlMs: number): boolean {
    const now = this.#now();
    const value = this.#read(key, now);
    if (value.kind !== 'entry' || seenVersion === NO_VERSION || value.version !== seenVersion) return false;
    this.#setWithTtl(key, entry, ttlMs, now);
    return true;
  }

  drop(key: string, version: Version): DropAnswer {
    return this.#drop(key, this.#read(key, this.#now()), version);
  }

  clearFence(key: string): boolean {
    const now = this.#now();
    const text = this.#text(key, now);
    if (text === undefined || this.#data.texts.get(key)?.lastMs !== Number.POSITIVE_INFINITY) return false;
    if (readStoredValue(text, now).kind !== 'dead') return false;
    this.#unlink(key);
    return true;
  }

  fence(key: string, token: string, fenceMs: number): { primary: boolean; history: string } {
    const now = this.#now();
    const value = this.#read(key, now);
    const standing = value.kind === 'fence';
    const tokens = standing ? value.tokens : new Map<string, number>();
    tokens.set(token, now + fenceMs);
    this.#set(key, fenceText(tokens, standing));
    return { primary: this.#primary, history: this.#history };
  }

  publish(
    key: string,
    token: string,
    version: Version,
    stored: { entry: string; ttlMs: number } | null,
  ): PublishAnswer {
    const now = this.#now();
    const value = this.#read(key, now);
    if (value.kind !== 'fence' || !value.tokens.delete(token)) return this.#drop(key, value, version);
    if (value.tokens.size > 0) {
      this.#set(key, fenceText(value.tokens, true));
      return 'shared';
    }
    if (stored !== null && stored.entry !== '' && !value.disturbed) {
      this.#setWithTtl(key, stored.entry, stored.ttlMs, now);
      return 'published';
    }
    this.#unlink(key);
    return 'lifted';
  }

  status(): ServerStatus {
    const { head } = this.#data;
    return {
      timeMs: this.#now(),
      primary: this.#primary,
      blessed: this.#blessedHead() !== null,
      history: this.#history,
      blessing: head === null ? 0 : Number(head.blessing),
      origin: head?.origin || null,
      asOf: head?.asOf ?? null,
      appliedNo: head?.appliedNo ?? null,
      validFrom: head?.validFrom ?? null,
    };
  }

  append(blessing: number, entries: readonly LogEntry[]): Appended {
    const head = this.#blessedHead();
    if (head === null) throw unblessed();
    if (head.blessing !== String(blessing)) {
      throw new FreshetError(
        'FRESHET_OTHER_BLESSING',
        `This Redis is under blessing ${head.blessing}, not ${blessing}: begin again.`,
        { retryable: true },
      );
    }
    // Each reader gets the same object: it is read once for all of them.
    for (const entry of entries) this.#data.log.push(decodeLogEntry(encodeLogEntry(entry)));
    head.last += entries.length;
    this.trimLog(limits.logLength);
    return { history: this.#history, blessing, lastId: lastId(head) };
  }

  renew(replicaId: string, appliedId: string, leaseMs: number): Renewal {
    const head = this.#blessedHead();
    if (head === null) return { kind: 'unblessed' };
    const { log, applied, leases } = this.#data;
    const told = lastId(head);
    const number = numberUnder(head.blessing, appliedId);
    const missing = head.last - number;
    // The log is never longer than what one renewal reads.
    if (number < 0 || missing < 0 || missing > log.length) {
      return { kind: 'reset', blessing: Number(head.blessing), validFrom: head.validFrom, lastId: told };
    }
    const now = this.#now();
    noteTime(head, now);
    if (head.asOf === null || head.asOf > now) return { kind: 'no-watermark' };
    let grantedMs = Math.min(leaseMs, head.leaseMs);
    const record = applied.get(replicaId);
    if (record !== undefined && number < numberUnder(head.blessing, record.told)) {
      grantedMs = 0;
    } else {
      leases.set(replicaId, now + grantedMs);
    }
    applied.set(replicaId, { applied: appliedId, told });
    this.#forgetUntil(now - limits.forgetReplicaMs, replicaId);
    return {
      kind: 'ok',
      blessing: Number(head.blessing),
      validFrom: head.validFrom,
      lastId: told,
      leaseMs: grantedMs,
      ageMs: now - head.asOf,
      asOf: head.asOf,
      maxStalenessMs: head.maxStalenessMs,
      entries: log.slice(log.length - missing),
    };
  }

  release(replicaId: string): void {
    this.#assertPrimary();
    this.#data.applied.delete(replicaId);
    this.#data.leases.delete(replicaId);
  }

  laggards(logId: string): Laggards {
    const head = this.#blessedHead();
    if (head === null) throw unblessed();
    const now = this.#now();
    const separator = logId.indexOf('-');
    const blessing = logId.slice(0, separator);
    const number = Number(logId.slice(separator + 1));
    let count = 0;
    let waitMs = 0;
    for (const [replicaId, untilMs] of this.#data.leases) {
      if (untilMs <= now) continue;
      if (numberUnder(blessing, this.#data.applied.get(replicaId)?.applied ?? '') >= number) continue;
      count++;
      if (untilMs - now > waitMs) waitMs = untilMs - now;
    }
    return { history: this.#history, blessing: Number(head.blessing), count, waitMs };
  }

  watermark(mark: { history: string; blessing: number; timeMs: number; appliedNo: Version }): boolean {
    const head = this.#blessedHead();
    if (head === null || this.#history !== mark.history || head.blessing !== String(mark.blessing))
      return false;
    const now = this.#now();
    if (mark.timeMs > now) return false;
    noteTime(head, now);
    if (head.asOf === null || mark.timeMs > head.asOf) head.asOf = mark.timeMs;
    if (compareVersions(mark.appliedNo, head.appliedNo) > 0) head.appliedNo = mark.appliedNo;
    return true;
  }

  bless(blessing: Blessing): boolean {
    const { head } = this.#data;
    if (!this.#primary || this.#history !== blessing.history) return false;
    if (Number(head?.blessing ?? 0) >= blessing.blessing) return false;
    this.#data.head = {
      history: blessing.history,
      blessing: String(blessing.blessing),
      validFrom: blessing.validFrom,
      origin: blessing.origin,
      last: 0,
      asOf: blessing.asOf,
      appliedNo: blessing.appliedNo,
      ...blessing.limits,
    };
    this.#data.log = [];
    return true;
  }

  replicas(): ReplicaRecord[] {
    const now = this.#now();
    const head = this.#blessedHead();
    const records: ReplicaRecord[] = [];
    for (const [replicaId, leaseUntilMs] of this.#data.leases) {
      const appliedId = this.#data.applied.get(replicaId)?.applied ?? '';
      const number = head === null ? -1 : numberUnder(head.blessing, appliedId);
      const lag = head === null || number < 0 ? null : head.last - number;
      records.push({ replicaId, leaseUntilMs, live: leaseUntilMs > now, appliedId, lag });
    }
    // As a sorted set: by score, then by member.
    return records.toSorted(
      (a, b) => a.leaseUntilMs - b.leaseUntilMs || (a.replicaId < b.replicaId ? -1 : 1),
    );
  }

  scan(prefix: string): string[] {
    const now = this.#now();
    const keys: string[] = [];
    for (const [key, { lastMs }] of this.#data.texts) {
      if (lastMs >= now && key.startsWith(prefix)) keys.push(key);
    }
    return keys;
  }

  snapshot(): RedisSnapshot {
    return new DataSet(this.#data);
  }

  restart(snapshot?: RedisSnapshot): void {
    if (snapshot !== undefined && !(snapshot instanceof DataSet)) {
      throw new TypeError('This snapshot is of another kind of server.');
    }
    this.#data = new DataSet(snapshot);
    this.#history = this.#newHistory();
    this.#primary = true;
  }

  demote(): void {
    this.#primary = false;
  }

  /** A primary again, or at last: with the data that it has, and a history of its own. */
  promote(): void {
    if (this.#primary) return;
    this.#history = this.#newHistory();
    this.#primary = true;
  }

  flushAll(): void {
    this.#data = new DataSet();
  }

  remove(key: string): void {
    if (!key.startsWith('{coherence:')) this.#data.texts.delete(key);
    else if (key.endsWith('}:head')) this.#data.head = null;
    else if (key.endsWith('}:log')) this.#data.log = [];
    else if (key.endsWith('}:applied')) this.#data.applied.clear();
    else if (key.endsWith('}:leases')) this.#data.leases.clear();
  }

  trimLog(length: number): void {
    const { log } = this.#data;
    if (log.length > length) log.splice(0, log.length - length);
  }

  /** An entry of the log that no reader of this release understands. */
  appendUnknown(): void {
    const head = this.#blessedHead();
    if (head === null) return;
    this.#data.log.push(null);
    head.last++;
  }

  /** volatile-*: what has no TTL, a fence above all, is never evicted. */
  evictable(): string[] {
    return [...this.#data.texts].flatMap(([key, { lastMs }]) =>
      lastMs === Number.POSITIVE_INFINITY ? [] : [key],
    );
  }

  /** Puts any text under a key, as a hand or another release may. */
  set(key: string, text: string, ttlMs = Number.POSITIVE_INFINITY): void {
    this.#data.texts.set(key, { text, lastMs: this.#now() + ttlMs });
  }

  #now(): number {
    return Math.floor(this.#nowMs());
  }

  #blessedHead(): Head | null {
    const { head } = this.#data;
    return this.#primary && head !== null && head.history === this.#history ? head : null;
  }

  #text(key: string, now: number): string | undefined {
    const stored = this.#data.texts.get(key);
    return stored !== undefined && stored.lastMs >= now ? stored.text : undefined;
  }

  #read(key: string, now: number): StoredValue {
    const text = this.#text(key, now);
    return text === undefined ? ABSENT : readStoredValue(text, now);
  }

  #drop(key: string, value: StoredValue, version: Version): DropAnswer {
    if (value.kind === 'absent') return 'absent';
    if (value.kind === 'entry' && version !== MAX_VERSION && compareVersions(value.version, version) >= 0) {
      return 'kept';
    }
    if (value.kind === 'fence') {
      this.#set(key, fenceText(value.tokens, true));
      return 'fenced';
    }
    this.#unlink(key);
    return 'dropped';
  }

  #set(key: string, text: string, lastMs = Number.POSITIVE_INFINITY): void {
    this.#assertPrimary();
    const stored = this.#data.texts.get(key);
    if (stored === undefined) {
      this.#data.texts.set(key, { text, lastMs });
    } else {
      stored.text = text;
      stored.lastMs = lastMs;
    }
  }

  #setWithTtl(key: string, text: string, ttlMs: number, now: number): void {
    this.#assertPrimary();
    if (!Number.isInteger(ttlMs)) throw new Error('ERR value is not an integer or out of range');
    if (ttlMs <= 0) throw new Error("ERR invalid expire time in 'set' command");
    this.#set(key, text, now + ttlMs);
  }

  #unlink(key: string): void {
    this.#assertPrimary();
    this.#data.texts.delete(key);
  }

  #assertPrimary(): void {
    if (!this.#primary) throw new Error(READ_ONLY);
  }

  #forgetUntil(timeMs: number, except: string): void {
    for (const [replicaId, untilMs] of this.#data.leases) {
      if (untilMs > timeMs || replicaId === except) continue;
      this.#data.applied.delete(replicaId);
      this.#data.leases.delete(replicaId);
    }
  }
}

function unblessed(): FreshetError {
  return new FreshetError(
    'FRESHET_UNBLESSED',
    'This Redis has not been brought up to date by a relay yet. Is an invalidation-relay running?',
    { retryable: true },
  );
}

/** As `note_time` of head.lua. */
function noteTime(head: Head, now: number): void {
  if (head.seen !== undefined && now < head.seen) head.asOf = null;
  head.seen = now;
}
