import { isFreshetError } from '../errors.ts';
import { parseLogicalKey } from '../keys/key.ts';
import { parseVersion, type Version } from '../keys/version.ts';

/** Keys and log ids in one question, and entries that are picked for it, at most of each. */
export const MOST_ASKED = 200;

/** Where every replica of a domain hears questions. */
export const questionChannel = (domain: string): string => `cache:inspect:${domain}`;

/** Only under this prefix is an answer sent: a question cannot have it rung at somebody's door. */
const ANSWERS = 'cache:inspected:';

/** Where one asker hears its answers. */
export const answerChannel = (asker: string): string => `${ANSWERS}${asker}`;

/** What replicas are asked. They look without touching: nothing is loaded, counted, or kept longer for it. */
export interface InspectionQuestion {
  /** The answers name it. */
  readonly id: string;
  /** An `answerChannel`. */
  readonly replyTo: string;
  /** Logical keys. */
  readonly keys?: readonly string[];
  /** Log ids: when was each applied? */
  readonly logIds?: readonly string[];
  /** So many entries of memory, picked at random. */
  readonly sample?: number;
}

/** An entry of a replica's memory; never its value. */
export interface HeldEntry {
  /** Logical. */
  readonly key: string;
  readonly version: Version;
  /** False for a cached 'not found'. */
  readonly found: boolean;
  /** Milliseconds since it came into this memory. */
  readonly ageMs: number;
  /** Milliseconds that it has left; 0 when it is only kept for `staleIfError`. */
  readonly ttlMs: number;
  /** Whether a reader would get it now: not expired, and proven fresh. */
  readonly served: boolean;
}

/** One replica, as it describes itself. */
export interface InspectedReplica {
  readonly replicaId: string;
  readonly instance: string;
  readonly service: string;
  readonly mode: 'l1' | 'degraded';
  /** Milliseconds for which memory may answer without another renewal. */
  readonly leaseMs: number;
  /** Reads since it began, and those of them that L1 or L2 answered. */
  readonly reads: number;
  readonly hits: number;
  readonly l1: { readonly entries: number; readonly bytes: number };
}

export interface InspectionAnswer {
  readonly id: string;
  readonly replica: InspectedReplica;
  /** Those of the keys that it holds. */
  readonly held: readonly HeldEntry[];
  readonly sample: readonly HeldEntry[];
  /** By log id, milliseconds since 1970: when nothing older was in memory any more. Those that it knows. */
  readonly applied: Readonly<Record<string, number>>;
}

/** As in `fixtures/inspection.v1.json`. Another `v` is another format, which nobody here answers. */
const FORMAT = 1;

export function encodeQuestion(question: InspectionQuestion): string {
  return JSON.stringify({ v: FORMAT, ...question });
}

/** Null for what is no question that this release understands: it may have come from anywhere. */
export function decodeQuestion(text: string): InspectionQuestion | null {
  const { v, id, replyTo, keys = [], logIds = [], sample = 0 } = parse(text);
  if (v !== FORMAT || typeof id !== 'string' || typeof replyTo !== 'string') return null;
  if (!replyTo.startsWith(ANSWERS) || !isCount(sample)) return null;
  if (!isList(keys, isText) || !isList(logIds, isText)) return null;
  return { id, replyTo, keys, logIds, sample: Math.min(sample, MOST_ASKED) };
}

export function encodeAnswer({ held, sample, ...rest }: InspectionAnswer): string {
  return JSON.stringify({ v: FORMAT, ...rest, held: held.map(pack), sample: sample.map(pack) });
}

/** Null for what is no answer that this release understands. */
export function decodeAnswer(text: string): InspectionAnswer | null {
  const { v, id, replica, held, sample, applied } = parse(text);
  if (v !== FORMAT || typeof id !== 'string') return null;
  if (!isReplica(replica) || !isRecord(applied) || !Object.values(applied).every(isCount)) return null;
  if (!isList(held, isPacked) || !isList(sample, isPacked)) return null;
  return {
    id,
    replica,
    held: held.map(unpack),
    sample: sample.map(unpack),
    applied: applied as Record<string, number>,
  };
}

/** Two hundred of them are a hundred times a minute on the wire: without names of fields. */
type Packed = [key: string, version: string, found: 0 | 1, ageMs: number, ttlMs: number, served: 0 | 1];

function pack({ key, version, found, ageMs, ttlMs, served }: HeldEntry): Packed {
  return [key, version, found ? 1 : 0, Math.round(ageMs), Math.round(ttlMs), served ? 1 : 0];
}

function unpack([key, version, found, ageMs, ttlMs, served]: Packed): HeldEntry {
  return { key, version, found: found === 1, ageMs, ttlMs, served: served === 1 };
}

function parse(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.length <= MOST_ASKED && value.every(isItem);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function isPacked(value: unknown): value is Packed {
  if (!Array.isArray(value) || value.length !== 6) return false;
  const [key, version, ...rest] = value as unknown[];
  return isKey(key) && isVersion(version) && rest.every((part) => typeof part === 'number');
}

function isKey(value: unknown): value is string {
  return understood(() => isText(value) && parseLogicalKey(value).idParts !== null);
}

function isVersion(value: unknown): value is Version {
  return understood(() => isText(value) && parseVersion(value) === value);
}

function understood(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (isFreshetError(error)) return false;
    throw error;
  }
}

function isReplica(value: unknown): value is InspectedReplica {
  if (!isRecord(value)) return false;
  const { replicaId, instance, service, mode, leaseMs, reads, hits, l1 } = value;
  return (
    [replicaId, instance, service].every(isText) &&
    (mode === 'l1' || mode === 'degraded') &&
    [leaseMs, reads, hits].every(isCount) &&
    isRecord(l1) &&
    [l1['entries'], l1['bytes']].every(isCount)
  );
}
