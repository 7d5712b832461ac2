import type { FaultRecord, OperationRecord } from '../contract.ts';
import { isOfTheLoad } from '../history/of-the-load.ts';
import type { RecordedRun } from './recorded-run.ts';

/** One fault, from before it was begun until it had been taken back. */
export interface FaultWindow {
  readonly name: string;
  readonly injectedAt: number;
  /** When its effect had been seen; Infinity for never. */
  readonly provenAt: number;
  /** Infinity for never. */
  readonly healedAt: number;
  readonly unproven: readonly string[];
}

export function faultWindows(faults: readonly FaultRecord[]): FaultWindow[] {
  return faults
    .filter(({ phase }) => phase === 'injected')
    .map(({ name, at }) => {
      const later = faults.filter((one) => one.name === name && one.at >= at);
      const proven = later.find(({ phase }) => phase === 'proven');
      const healed = later.find(({ phase }) => phase === 'healed');
      return {
        name,
        injectedAt: at,
        provenAt: proven?.at ?? Number.POSITIVE_INFINITY,
        healedAt: healed?.at ?? Number.POSITIVE_INFINITY,
        unproven: proven?.unproven ?? [],
      };
    });
}

/** Whether all is healed, and when the last was; undefined without a fault. */
function lastHealedAt(faults: readonly FaultRecord[]): number | undefined {
  const windows = faultWindows(faults);
  return windows.length === 0 ? undefined : Math.max(...windows.map(({ healedAt }) => healedAt));
}

export interface Recovery {
  /** Milliseconds from the last healing until every process that was looked at was ready, and stayed so; null for never. */
  readonly readyMs: number | null;
  /** The same, until each replica had answered from memory too. */
  readonly wellMs: number | null;
}

/** How long the system took to be well again; undefined without a fault. */
export function recoveryOf({ run, operations, faults, probes }: RecordedRun): Recovery | undefined {
  const healedAt = lastHealedAt(faults);
  if (healedAt === undefined || healedAt === Number.POSITIVE_INFINITY) return undefined;
  const lastUnready = new Map<string, number>();
  const lastSeen = new Map<string, boolean>();
  const firstReady = new Map<string, number>();
  for (const probe of probes) {
    if (probe.what !== 'ready') continue;
    lastSeen.set(probe.process, probe.ready);
    if (!probe.ready) {
      lastUnready.set(probe.process, probe.at);
      firstReady.delete(probe.process);
    } else if (!firstReady.has(probe.process)) firstReady.set(probe.process, probe.at);
  }
  const ready = [...lastSeen].map(([process, isReady]) => {
    if (!isReady) return Number.POSITIVE_INFINITY;
    return lastUnready.has(process) ? Math.max(firstReady.get(process) ?? 0, healedAt) : healedAt;
  });
  const fromMemory = new Map<string, number>();
  for (const { via, layer, end } of operations) {
    if (layer === 'l1' && end >= healedAt && !fromMemory.has(via)) fromMemory.set(via, end);
  }
  const warm = (run?.replicas ?? []).map(({ name }) => fromMemory.get(name) ?? Number.POSITIVE_INFINITY);
  const since = (times: readonly number[]): number | null => {
    const last = Math.max(healedAt, ...times);
    return last === Number.POSITIVE_INFINITY ? null : last - healedAt;
  };
  return { readyMs: since(ready), wellMs: since([...ready, ...warm]) };
}

/** A time in which nothing was done to the system, and nothing was left to mend. */
export interface Calm {
  readonly when: 'without a fault' | 'before the fault' | 'after the fault';
  readonly from: number;
  readonly until: number;
}

/** Before the first fault, and after the last, once the system was well again. */
export function calmOf(run: RecordedRun): Calm[] {
  const windows = faultWindows(run.faults);
  const [always, never] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (windows.length === 0) return [{ when: 'without a fault', from: always, until: never }];
  const first = Math.min(...windows.map(({ injectedAt }) => injectedAt));
  const healed = Math.max(...windows.map(({ healedAt }) => healedAt));
  const wellAt = Math.max(healed + (recoveryOf(run)?.wellMs ?? never), foundWellAt(run));
  return [
    { when: 'before the fault', from: always, until: first },
    { when: 'after the fault', from: wellAt, until: never },
  ];
}

/** So long the load goes on once the run has found the system well. */
const LOAD_AFTERWARDS_MS = 2_000;

/** Services are ready without Postgres: when that is back, the run waits for. Histories of before do not say when that was. */
function foundWellAt({ probes, operations }: RecordedRun): number {
  const recovery = probes.findLast(({ what }) => what === 'recovery');
  if (recovery !== undefined) return recovery.at;
  const starts = operations.filter(isOfTheLoad).map(({ start }) => start);
  return starts.reduce((last, start) => Math.max(last, start), Number.NEGATIVE_INFINITY) - LOAD_AFTERWARDS_MS;
}

export function isWithin({ start, end }: OperationRecord, { from, until }: Calm): boolean {
  return start > from && end < until;
}
