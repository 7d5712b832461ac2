import { parseLogicalKey } from '../keys/key.ts';
import { parseVersion, type Version } from '../keys/version.ts';

/**
 * One invalidation in the log.
 * - `key`: remove the logical key where the cached version is lower.
 * - `entity`: remove all of `service:entity`.
 * - `fence`: remove the logical key whatever its version; a strong write of it has begun.
 */
export interface LogEntry {
  kind: 'key' | 'entity' | 'fence';
  key: string;
  version: Version;
  /** W3C trace context of the change. */
  traceparent?: string;
  /** When a relay took the change up: milliseconds of Redis's clock. For the latency of the last hop, and for nothing else. */
  takenUpAt?: number;
}

interface StoredLogEntry {
  kind?: unknown;
  key?: unknown;
  v?: unknown;
  tp?: unknown;
  at?: unknown;
}

export function encodeLogEntry(entry: LogEntry): string {
  const { kind, key, version, traceparent: tp, takenUpAt: at } = entry;
  // What is undefined is left out.
  return JSON.stringify({ kind, key, v: version, tp, at });
}

/** null for what this release does not understand: the reader then has to forget everything. */
export function decodeLogEntry(text: string): LogEntry | null {
  try {
    const { kind, key, v, tp, at } = JSON.parse(text) as StoredLogEntry;
    if ((kind !== 'key' && kind !== 'entity' && kind !== 'fence') || typeof key !== 'string') return null;
    if (typeof v !== 'string') return null;
    parseLogicalKey(key);
    return {
      kind,
      key,
      version: parseVersion(v),
      ...(typeof tp === 'string' && { traceparent: tp }),
      ...(typeof at === 'number' && { takenUpAt: at }),
    };
  } catch {
    return null;
  }
}
