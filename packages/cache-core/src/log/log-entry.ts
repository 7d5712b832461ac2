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
}

interface StoredLogEntry {
  kind?: unknown;
  key?: unknown;
  v?: unknown;
  tp?: unknown;
}

export function encodeLogEntry(entry: LogEntry): string {
  const { kind, key, version, traceparent } = entry;
  return JSON.stringify({ kind, key, v: version, ...(traceparent === undefined ? {} : { tp: traceparent }) });
}

/** null for what this release does not understand: the reader then has to forget everything. */
export function decodeLogEntry(text: string): LogEntry | null {
  try {
    const { kind, key, v, tp } = JSON.parse(text) as StoredLogEntry;
    if ((kind !== 'key' && kind !== 'entity' && kind !== 'fence') || typeof key !== 'string') return null;
    if (typeof v !== 'string') return null;
    parseLogicalKey(key);
    return { kind, key, version: parseVersion(v), ...(typeof tp === 'string' ? { traceparent: tp } : {}) };
  } catch {
    return null;
  }
}
