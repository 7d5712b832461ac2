import type { Record, State, Timeline, Violation } from '../history.ts';

/** What every shipped bounded entity promises. */
const MAX_STALENESS_MS = 2_000;

/**
 * Bounded reads: the answer may have been overwritten, but not for longer than the bound when the read began. The
 * states of a row form one line, so the newest state that matches the answer is the one to judge. Of an entity that may `serve` L2
 * unproven, only what memory and the origin answer is judged.
 */
export function checkBounded(records: readonly Record[], timeline: Timeline, serve = false): Violation[] {
  const violations: Violation[] = [];
  for (const record of answeredReads(records, 'item')) {
    const states = timeline.states('item', record.key);
    const index = states.findLastIndex(
      (state) => matches(state, record) && state.committedAt <= record.endedAt,
    );
    if (index === -1) {
      violations.push(phantom(record));
      continue;
    }
    const overwrittenAt = states[index + 1]?.committedAt ?? Number.POSITIVE_INFINITY;
    const staleFor = record.startedAt - overwrittenAt;
    if (
      staleFor > MAX_STALENESS_MS &&
      !(serve && (record.answeredBy === 'l2' || record.answeredBy === 'expired'))
    ) {
      violations.push({
        rule: 'bounded staleness',
        message: `${record.replica} answered a value that had been overwritten ${staleFor.toFixed(0)} ms before`,
        record,
      });
    }
    if (record.minVersion !== undefined && isOlder(states, index, record)) {
      violations.push({
        rule: 'session order',
        message: `asked for at least version ${record.minVersion}, got ${record.version}`,
        record,
      });
    }
  }
  return violations;
}

/**
 * Strong reads and writes of one key: there is one order of all of them that respects real time. The order of the
 * writes is that of their commits, so each read needs a state that matches it, not older than anything that had ended
 * before it began, and committed before it ended. Reads are taken in the order of their ends, each with the oldest
 * state that it can have: a later read can then be refused only rightly.
 */
export function checkLinearizable(records: readonly Record[], timeline: Timeline): Violation[] {
  const violations: Violation[] = [];
  const byKey = Map.groupBy(answeredReads(records, 'stock'), ({ key }) => key);
  for (const [key, reads] of byKey) {
    const states = timeline.states('stock', key);
    const ended: { at: number; index: number }[] = [];
    for (const write of records) {
      if (write.table !== 'stock' || write.key !== key || write.kind !== 'write' || write.outcome !== 'ok')
        continue;
      const index = indexOf(states, write);
      if (index !== -1) ended.push({ at: write.endedAt, index });
    }
    for (const read of reads.toSorted((one, other) => one.endedAt - other.endedAt)) {
      const least = Math.max(0, ...ended.filter(({ at }) => at < read.startedAt).map(({ index }) => index));
      const index = states.findIndex(
        (state, position) => position >= least && matches(state, read) && state.committedAt <= read.endedAt,
      );
      if (index !== -1) {
        ended.push({ at: read.endedAt, index });
        continue;
      }
      const known = states.some((state) => matches(state, read) && state.committedAt <= read.endedAt);
      const newest = states[least];
      violations.push(
        known
          ? {
              rule: 'linearizable',
              message: `${read.replica} answered version ${read.version} although version ${newest?.version} had been written or read before it was asked`,
              record: read,
            }
          : phantom(read),
      );
    }
  }
  return violations;
}

function answeredReads(records: readonly Record[], table: 'item' | 'stock'): Record[] {
  return records.filter(
    (record) => record.table === table && record.kind === 'read' && record.outcome === 'ok',
  );
}

/**
 * The state that a write made, or left. A deletion's version is drawn after the row's, so what a deletion said need not be what
 * the outbox says. Any other comes twice where the database was taken back in between.
 */
function indexOf(states: readonly State[], { value, version, endedAt }: Record): number {
  if (value === null)
    return states.findIndex((state) => state.value === null && Number(state.version) <= Number(version));
  return states.findLastIndex((state) => state.version === version && state.committedAt <= endedAt);
}

function matches(state: State, { value, version }: Record): boolean {
  return value === null ? state.value === null : state.value === value && state.version === version;
}

/**
 * Older than what the client had seen: the state of its version, or, after a deletion, the newest below what the deletion
 * said. A re-insert that overlapped a delete may carry a lower version than the row before: of the promise, which speaks of
 * versions, that is a known limit.
 */
function isOlder(
  states: readonly State[],
  index: number,
  { version: answered, minVersion, startedAt }: Record,
): boolean {
  if (Number(answered) >= Number(minVersion)) return false;
  const seen = states.findLastIndex(
    ({ version, committedAt }) => Number(version) <= Number(minVersion) && committedAt < startedAt,
  );
  return index < seen;
}

function phantom(record: Record): Violation {
  return {
    rule: 'phantom',
    message: `${record.replica} answered ${record.value} in version ${record.version}, which the row never had, or only later`,
    record,
  };
}
