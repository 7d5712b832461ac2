import type { Action, HeldProbe, OperationRecord } from '../contract.ts';
import type { KeyHistory } from './recorded-run.ts';

/** What cannot be, whatever the caches do. */
export interface Problem {
  readonly message: string;
  readonly operations: readonly OperationRecord[];
}

/** One version of a row. */
export interface Row {
  readonly version: bigint;
  /** null: no client was told. */
  readonly value: number | string | null;
  /** Whether there was no row before; `either` when nobody knows who wrote it. */
  readonly origin: 'created' | 'changed' | 'either';
  /** Who wrote it; null when several may have. */
  readonly write: OperationRecord | null;
  /** Not committed before. */
  readonly from: number;
  /** Committed by then: the write was answered, or somebody saw it. */
  readonly by: number;
}

export interface Deletion {
  readonly operation: OperationRecord;
  readonly version: bigint;
}

export interface Rows {
  /** By version. */
  readonly rows: readonly Row[];
  readonly deletions: readonly Deletion[];
  /** They may have happened, or not. */
  readonly uncertainDeletions: readonly OperationRecord[];
  /** They may have happened too, but nobody saw what they made. */
  readonly unseenCreations: readonly OperationRecord[];
  /** Who found no row. */
  readonly absences: readonly OperationRecord[];
  readonly problems: readonly Problem[];
}

interface Sighting {
  readonly value: number | string | null;
  readonly end: number;
  readonly operation: OperationRecord;
}

const DELETIONS: readonly Action[] = ['delete', 'sql-delete'];
const CREATIONS: readonly Action[] = ['create', 'sql-insert'];
const ON_A_ROW: readonly Action[] = ['delete', 'patch', 'reserve'];

export function isDeletion({ op }: OperationRecord): boolean {
  return DELETIONS.includes(op);
}

/** A write other than a deletion. */
export function isWrite(operation: OperationRecord): boolean {
  return operation.op !== 'read' && !isDeletion(operation);
}

/** A read that found no row, or a change that was refused because there is none. */
export function isAbsence({ op, outcome, status, version }: OperationRecord): boolean {
  if (op === 'read') return outcome === 'ok' && version === null;
  return status === 404 && ON_A_ROW.includes(op);
}

export function rowsOf({ operations, held }: KeyHistory): Rows {
  const problems: Problem[] = [];
  const writes = new Map<string, OperationRecord>();
  const sightings = new Map<string, Sighting>();
  for (const operation of operations) {
    const { version, outcome } = operation;
    if (outcome !== 'ok' || version === null || isDeletion(operation)) continue;
    if (operation.op === 'read') see(operation.version, operation);
    else if (writes.has(version))
      problems.push({ message: `version ${version} was given to two writes`, operations: [operation] });
    else writes.set(version, operation);
  }
  for (const probe of held) see(probe.version, asRead(probe));

  function see(version: string | null, operation: OperationRecord): void {
    if (version === null) return;
    const known = sightings.get(version);
    const value = operation.value ?? known?.value ?? null;
    if (known !== undefined && known.value !== null && value !== known.value) {
      problems.push({
        message: `version ${version} was read as ${value} and as ${known.value}`,
        operations: [operation, known.operation],
      });
    }
    if (known === undefined || operation.end < known.end)
      sightings.set(version, { value: known?.value ?? value, end: operation.end, operation });
    else if (known.value === null && value !== null) sightings.set(version, { ...known, value });
  }

  const suspects = operations.filter((operation) => isWrite(operation) && operation.outcome !== 'ok');
  const byMarker = markedWrites(operations);
  const rows: Row[] = [];
  for (const version of new Set([...writes.keys(), ...sightings.keys()])) {
    const write = writes.get(version);
    const sighting = sightings.get(version);
    if (write !== undefined) {
      if (sighting !== undefined && sighting.value !== null && sighting.value !== write.value) {
        problems.push({
          message: `version ${version} was written as ${write.value} and read as ${sighting.value}`,
          operations: [sighting.operation, write],
        });
      }
      rows.push(rowOf(version, write, Math.min(write.end, sighting?.end ?? Number.POSITIVE_INFINITY)));
    } else if (sighting !== undefined) {
      rows.push(attributed(version, sighting, suspects, byMarker, problems));
    }
  }
  rows.sort((one, other) => (one.version < other.version ? -1 : 1));
  return {
    rows,
    ...deletionsIn(operations),
    unseenCreations: unseenCreations(operations, rows),
    absences: [
      ...operations.filter(isAbsence),
      ...held.filter(({ place, version }) => place === 'postgres' && version === null).map(asRead),
    ],
    problems: [...problems, ...repeatedWrites(rows)],
  };
}

function deletionsIn(operations: readonly OperationRecord[]) {
  const deletions: Deletion[] = [];
  const uncertainDeletions: OperationRecord[] = [];
  for (const operation of operations.filter(isDeletion)) {
    if (operation.outcome === 'failed') continue;
    // One that succeeded and did not say its version is somewhere among the states, as one that perhaps happened.
    if (operation.outcome === 'unknown' || operation.version === null) uncertainDeletions.push(operation);
    else deletions.push({ operation, version: BigInt(operation.version) });
  }
  return { deletions, uncertainDeletions };
}

function unseenCreations(operations: readonly OperationRecord[], rows: readonly Row[]): OperationRecord[] {
  const seen = new Set(rows.map(({ write }) => write?.id));
  return operations.filter(
    ({ id, op, outcome }) =>
      outcome === 'unknown' && (op === 'put' || CREATIONS.includes(op)) && !seen.has(id),
  );
}

function repeatedWrites(rows: readonly Row[]): Problem[] {
  const marked = rows.filter(({ write, value }) => write !== null && typeof value === 'string');
  return [...Map.groupBy(marked, ({ write }) => write?.id).values()]
    .filter((versions) => versions.length > 1)
    .map((versions) => ({
      message: `one write was made more than once: as versions ${versions.map(({ version }) => version).join(', ')}`,
      operations: versions.flatMap(({ write }) => (write === null ? [] : [write])).slice(0, 1),
    }));
}

/** Markers are unique, quantities are not: so only markers tell who wrote them. */
function markedWrites(operations: readonly OperationRecord[]): Map<string, OperationRecord> {
  const marked = operations.filter((operation) => isWrite(operation) && typeof operation.value === 'string');
  return new Map(marked.map((operation) => [String(operation.value), operation]));
}

function rowOf(version: string, write: OperationRecord, by: number): Row {
  const isCreation = CREATIONS.includes(write.op) || (write.op === 'put' && write.status === 201);
  // A put that nobody answered may have done either.
  const origin = isCreation ? 'created' : write.op === 'put' && write.status !== 200 ? 'either' : 'changed';
  return { version: BigInt(version), value: write.value, origin, write, from: write.start, by };
}

/** A version that was read and that nobody was answered: it must come from a write of which nobody knows what came of it. */
function attributed(
  version: string,
  { value, end, operation }: Sighting,
  suspects: readonly OperationRecord[],
  byMarker: ReadonlyMap<string, OperationRecord>,
  problems: Problem[],
): Row {
  const phantom = (message: string, ...others: OperationRecord[]): Row => {
    problems.push({ message, operations: [operation, ...others] });
    return {
      version: BigInt(version),
      value,
      origin: 'either',
      write: null,
      from: Number.NEGATIVE_INFINITY,
      by: end,
    };
  };
  if (typeof value === 'string') {
    const write = byMarker.get(value);
    if (write === undefined) return phantom(`version ${version} has the value ${value}, which nobody wrote`);
    if (write.outcome === 'failed')
      return phantom(`${value} was read in version ${version}, although its write was refused`, write);
    if (write.outcome === 'ok')
      return phantom(`${value} was written as version ${write.version} and read as ${version}`, write);
    return rowOf(version, write, end);
  }
  const candidates = suspects.filter(
    (write) =>
      write.outcome === 'unknown' &&
      write.start <= end &&
      (value === null || write.op === 'reserve' || write.value === value),
  );
  const [first] = candidates;
  if (first === undefined) return phantom(`version ${version} (${value}) was read, which nobody wrote`);
  const row = { ...rowOf(version, first, end), value };
  if (candidates.length === 1) return row;
  const origins = new Set(candidates.map((write) => rowOf(version, write, end).origin));
  return {
    ...row,
    origin: origins.size === 1 ? row.origin : 'either',
    write: null,
    from: Math.min(...candidates.map(({ start }) => start)),
  };
}

/** What a place held is what somebody read there. */
function asRead(probe: HeldProbe): OperationRecord {
  return {
    t: 'op',
    id: -1,
    client: 'probe',
    session: null,
    via: probe.replica ?? probe.place,
    op: 'read',
    kind: probe.kind,
    key: probe.key,
    start: probe.at,
    end: probe.at,
    outcome: 'ok',
    status: 0,
    version: probe.version,
    value: probe.value,
    layer: null,
  };
}
