import type { OperationRecord } from '../../src/contract.ts';
import { isAbsence, isDeletion } from '../../src/checker/rows.ts';

// A linearizability checker as in the literature: Wing & Gong's search for an order, with Lowe's memory of what has been tried
// (J. Wing, C. Gong: Testing and verifying concurrent objects, 1993; G. Lowe: Testing for linearizability, 2017). Exponential,
// so for small histories only. It knows nothing of intervals and positions.

interface Register {
  /** null: no row. */
  readonly version: bigint | null;
  /** Of all rows so far: a row's version is above those of all before it. */
  readonly highest: bigint;
  /** Who deleted the row last, if that is known. */
  readonly deletion: OperationRecord | null;
}

/** `versions`: what those drew of which nobody was told, as far as they were seen. */
export function isLinearizable(
  operations: readonly OperationRecord[],
  versions: ReadonlyMap<number, string>,
): boolean {
  const calls = operations.filter(({ outcome, status }) => outcome !== 'failed' || status === 404);
  // Who was not answered may take effect at any time, or never.
  const ends = calls.map(({ outcome, end }) => (outcome === 'unknown' ? Number.POSITIVE_INFINITY : end));
  const tried = new Set<string>();

  function search(done: bigint, register: Register): boolean {
    const open = calls.filter((_, index) => ((done >> BigInt(index)) & 1n) === 0n);
    if (open.every(({ outcome }) => outcome === 'unknown')) return true;
    const state = `${done} ${register.version} ${register.highest} ${register.deletion?.id}`;
    if (tried.has(state)) return false;
    tried.add(state);
    // The next must have begun before any of the others ended.
    const firstEnd = Math.min(...ends.filter((_, index) => ((done >> BigInt(index)) & 1n) === 0n));
    return calls.some((call, index) => {
      if (((done >> BigInt(index)) & 1n) === 1n || call.start > firstEnd) return false;
      const next = step(call, register, versions.get(call.id) ?? call.version);
      return next !== undefined && search(done | (1n << BigInt(index)), next);
    });
  }
  return search(0n, { version: null, highest: 0n, deletion: null });
}

/** The register after this call; undefined when it cannot have been answered so. */
function step(call: OperationRecord, register: Register, told: string | null): Register | undefined {
  const version = told === null ? null : BigInt(told);
  if (call.op === 'read' || isAbsence(call)) return version === register.version ? register : undefined;
  if (isDeletion(call)) {
    const above = BigInt(register.deletion?.version ?? 0);
    const isLate = version !== null && (version < register.highest || version < above);
    if (register.version === null || isLate) return undefined;
    return { ...register, version: null, deletion: call.version === null ? null : call };
  }
  if ((call.op === 'create') !== (register.version === null)) return undefined;
  // Nobody ever read what this one drew: above all that was, below all that comes.
  if (version === null) return { ...register, version: BigInt(-call.id) };
  if (version <= register.highest || !mayFollow(call, version, register.deletion)) return undefined;
  return { ...register, version, highest: version };
}

/** Whoever creates a row again may have drawn a lower version than its deletion, while they waited for that. */
function mayFollow(call: OperationRecord, version: bigint, deletion: OperationRecord | null): boolean {
  if (deletion === null || version > BigInt(deletion.version ?? 0)) return true;
  if (call.op !== 'create' || call.start > deletion.end) return false;
  return call.outcome === 'unknown' || deletion.start <= call.end;
}
