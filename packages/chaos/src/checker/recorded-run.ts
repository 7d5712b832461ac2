import type {
  FaultRecord,
  HeldProbe,
  HistoryRecord,
  Kind,
  OperationRecord,
  ProbeRecord,
  RunRecord,
} from '../contract.ts';

/** All that happened to one row. */
export interface KeyHistory {
  readonly kind: Kind;
  readonly key: string;
  readonly operations: OperationRecord[];
  /** What places held of it after the quiet. */
  readonly held: HeldProbe[];
}

/** A history in memory, sorted by what it speaks of. */
export interface RecordedRun {
  readonly run: RunRecord | null;
  readonly operations: readonly OperationRecord[];
  readonly keys: readonly KeyHistory[];
  readonly faults: readonly FaultRecord[];
  readonly probes: readonly ProbeRecord[];
}

export async function recordedRun(
  records: AsyncIterable<HistoryRecord> | Iterable<HistoryRecord>,
): Promise<RecordedRun> {
  let run: RunRecord | null = null;
  const operations: OperationRecord[] = [];
  const faults: FaultRecord[] = [];
  const probes: ProbeRecord[] = [];
  const keys = new Map<string, KeyHistory>();
  const historyOf = ({ kind, key }: { kind: Kind; key: string }): KeyHistory => {
    const name = `${kind} ${key}`;
    let history = keys.get(name);
    if (history === undefined) {
      history = { kind, key, operations: [], held: [] };
      keys.set(name, history);
    }
    return history;
  };
  for await (const record of records) {
    switch (record.t) {
      case 'run':
        run = record;
        break;
      case 'op':
        operations.push(record);
        // A summary is no row: it has no versions, and is fresh to its TTL.
        if (record.kind !== 'summary') historyOf(record).operations.push(record);
        break;
      case 'fault':
        faults.push(record);
        break;
      case 'probe':
        probes.push(record);
        if (record.what === 'held') historyOf(record).held.push(record);
        break;
    }
  }
  return { run, operations, keys: [...keys.values()], faults, probes };
}
