import { FreshetError, isFreshetError } from '@freshet/cache-core';
import {
  compareVersions,
  keyPrefix,
  type LogEntry,
  logicalKey,
  parseLogicalKey,
  physicalKey,
  type Version,
} from '@freshet/cache-core/protocol';
import type { OutboxRow } from '../domain/outbox-store.ts';

/** What a batch of rows means for L2 and for the log. */
export interface FanOutPlan {
  /** Every physical key once, with the highest version that a row gives it. */
  drops: { key: string; version: Version }[];
  /** Prefixes of the keys of whole entities: everything below them goes. */
  prefixes: string[];
  /** One entry per row, in the rows' order. */
  entries: LogEntry[];
}

/** What the log entries carry for the replicas' spans and metrics. */
export interface ToldToReplicas {
  /** By row id. */
  traceparents?: ReadonlyMap<string, string>;
  /** Milliseconds of Redis's clock. */
  takenUpAt?: number;
}

/** The rows that name a key some reader could cache, each with its log entry's key, and those that name none. */
export interface SortedRows {
  named: { row: OutboxRow; logicalKey: string }[];
  malformed: { row: OutboxRow; reason: string }[];
}

/** Encodes the rows' ids. A row whose id cannot be part of a key concerns no cache. */
export function sortRows(rows: readonly OutboxRow[]): SortedRows {
  const sorted: SortedRows = { named: [], malformed: [] };
  for (const row of rows) {
    try {
      sorted.named.push({ row, logicalKey: nameOf(row) });
    } catch (error) {
      if (!isFreshetError(error)) throw error;
      sorted.malformed.push({ row, reason: `${error.code}: ${error.message}` });
    }
  }
  return sorted;
}

export function planFanOut(
  named: SortedRows['named'],
  schemaVersions: ReadonlyMap<string, readonly number[]>,
  { traceparents, takenUpAt }: ToldToReplicas = {},
): FanOutPlan {
  const drops = new Map<string, Version>();
  const prefixes = new Set<string>();
  const entries: LogEntry[] = [];
  for (const { row, logicalKey: key } of named) {
    for (const number of schemaVersions.get(`${row.service}:${row.entity}`) ?? []) {
      if (row.idParts === null) {
        prefixes.add(keyPrefix(row.service, row.entity, number));
        continue;
      }
      const physical = physicalKey(row.service, row.entity, number, row.idParts);
      const known = drops.get(physical);
      if (known === undefined || compareVersions(known, row.version) < 0) drops.set(physical, row.version);
    }
    const traceparent = traceparents?.get(row.id);
    entries.push({
      kind: row.idParts === null ? 'entity' : 'key',
      key,
      version: row.version,
      ...(takenUpAt !== undefined && { takenUpAt }),
      ...(traceparent !== undefined && { traceparent }),
    });
  }
  return { drops: [...drops].map(([key, version]) => ({ key, version })), prefixes: [...prefixes], entries };
}

function nameOf({ service, entity, idParts }: OutboxRow): string {
  const entityKey = `${service}:${entity}`;
  // Throws for names that no cache can have; a ':' inside a name would be taken for the id's.
  if (parseLogicalKey(entityKey).idParts !== null)
    throw new FreshetError('FRESHET_INVALID_KEY', `Not a service and an entity: ${entityKey}.`);
  return idParts === null ? entityKey : logicalKey(service, entity, idParts);
}
