import { isFreshetError } from '@freshet/cache-core';
import { type Clock, MAX_VERSION, type Protocol } from '@freshet/cache-core/protocol';
import type {
  FanOutPath,
  LockedBatch,
  OutboxRow,
  OutboxStore,
  RowSelection,
} from '../domain/outbox-store.ts';
import { reasonOf } from '../domain/reason-of.ts';
import type { RedisLink } from '../domain/redis-link.ts';
import { type FanOutPlan, planFanOut, type SortedRows, sortRows } from '../fan-out/fan-out-plan.ts';
import { type FanOutSpans, startFanOutSpans } from '../fan-out/fan-out-spans.ts';
import type { Faults } from '../faults/faults.ts';
import { retryDelayMs } from '../retry/retry-delay.ts';
import type { DomainMetrics } from '../telemetry/domain-metrics.ts';
import type { DrainOutcome } from './drain-outcome.ts';

/** Rows of one transaction: what a crash repeats, and how long its locks last. */
const BATCH_ROWS = 500;
/** The queue has a chunk's first turn; the poll's comes so much later, if the queue has lost it. */
const POLL_GRACE_MS = 500;
/** Keys in one pipeline of DROPs. */
const DROPS_AT_ONCE = 1_000;

export interface DrainDependencies {
  domain: string;
  store: OutboxStore;
  redis: Pick<RedisLink, 'protocol' | 'scan'>;
  faults: Faults;
  metrics: DomainMetrics;
  clock: Pick<Clock, 'monotonicMs'>;
  random: () => number;
}

/** What one batch is taken to the caches with. */
interface FanOutRun {
  blessing: number;
  /** Of the connection on which that blessing was read. */
  generation: number;
  batch: LockedBatch;
  spans: FanOutSpans;
}

/** Where a batch's last row is in the log, and when the batch got how far, on the monotonic clock. */
interface FannedOut {
  lastLogId: string;
  droppedAt: number;
  appendedAt: number;
}

/**
 * Takes pending outbox rows to L2 and to the log, one transaction per batch: lock, DROP, APPEND, mark, COMMIT.
 * Wherever it stops, the rows are unlocked and unmarked, and the next relay does all of it again. Only the order
 * matters: a key is appended after its DROP succeeded, and marked after both.
 */
export class Drain {
  readonly #deps: DrainDependencies;

  constructor(dependencies: DrainDependencies) {
    this.#deps = dependencies;
  }

  /** Drains one batch of the rows that are due. */
  drainDue(): Promise<DrainOutcome> {
    return this.#drain({ due: { limit: BATCH_ROWS } });
  }

  /** Drains these rows, due or not; those that are applied, dead, or locked by another relay count as drained. */
  drainRows(ids: readonly string[]): Promise<DrainOutcome> {
    return this.#drain({ ids });
  }

  async #drain(selection: RowSelection): Promise<DrainOutcome> {
    const outcome = await this.#drainUnlessUnblessed(selection);
    // Only now: before the COMMIT nothing was applied.
    this.#deps.metrics.drained(outcome);
    return outcome;
  }

  /** Asks Redis first: a relay whose Redis hangs would keep the rows locked that another could drain. */
  async #drainUnlessUnblessed(selection: RowSelection): Promise<DrainOutcome> {
    const status = await this.#status();
    if ('why' in status) return { kind: 'standing-still', dead: 0, why: status.why };
    return this.#deps.store.withLockedRows(selection, (batch) => this.#drainBatch(batch));
  }

  async #drainBatch(batch: LockedBatch): Promise<DrainOutcome> {
    const drainedAt = this.#deps.clock.monotonicMs();
    const { named, malformed } = sortRows(batch.rows);
    for (const { row, reason } of malformed) await batch.bury(row.id, reason);
    const dead = malformed.length;
    const full = batch.rows.length === BATCH_ROWS;
    if (named.length === 0) return { kind: 'drained', dead, applied: [], full };

    const { generation } = this.#deps.redis.protocol;
    const blessing = await this.#blessing(batch);
    if ('why' in blessing) return { kind: 'standing-still', dead, why: blessing.why };

    const rows = named.map(({ row }) => row);
    const spans = startFanOutSpans(this.#deps.domain, rows);
    let fannedOut: FannedOut;
    try {
      const plan = planFanOut(named, await batch.schemaVersions(), {
        traceparents: spans.traceparents,
        takenUpAt: blessing.timeMs,
      });
      fannedOut = await this.#fanOut(plan, { blessing: blessing.number, generation, batch, spans });
      spans.end();
    } catch (error) {
      spans.end(asError(error));
      if (isFreshetError(error, 'FRESHET_UNBLESSED', 'FRESHET_OTHER_BLESSING')) {
        return { kind: 'standing-still', dead, why: error.message };
      }
      const [traceparent] = spans.traceparents.values();
      return { kind: 'failed', dead, traceparent, ...(await this.#postpone(batch, rows, asError(error))) };
    }
    const applied = await this.#mark(batch, named, blessing.number, this.#path(drainedAt, fannedOut));
    return applied.length > 0
      ? { kind: 'drained', dead, applied, full }
      : { kind: 'standing-still', dead, why: 'a newer blessing was recorded meanwhile' };
  }

  /** The blessing under which this connection's server may be told things; read on the connection that DROPs. */
  async #blessing(batch: LockedBatch): Promise<{ number: number; timeMs: number } | { why: string }> {
    const newest = await batch.newestBlessing();
    const status = await this.#status();
    if ('why' in status) return status;
    if (status.blessing !== newest) {
      return { why: `Redis is under blessing ${status.blessing}, the newest is ${newest}` };
    }
    return { number: newest, timeMs: status.timeMs };
  }

  async #status(): Promise<{ blessing: number; timeMs: number } | { why: string }> {
    try {
      const { blessed, blessing, timeMs } = await this.#deps.redis.protocol.status();
      return blessed ? { blessing, timeMs } : { why: 'Redis is not blessed' };
    } catch (error) {
      return { why: `Redis does not answer: ${reasonOf(error)}` };
    }
  }

  async #fanOut(plan: FanOutPlan, { blessing, generation, batch, spans }: FanOutRun): Promise<FannedOut> {
    const { faults, clock } = this.#deps;
    const { protocol } = this.#deps.redis;
    await faults.at('before-drop');
    for (const prefix of plan.prefixes) await this.#dropAll(prefix, batch);
    for (let start = 0; start < plan.drops.length; start += DROPS_AT_ONCE) {
      await protocol.dropMany(plan.drops.slice(start, start + DROPS_AT_ONCE));
    }
    const droppedAt = clock.monotonicMs();
    spans.reached('dropped');
    await faults.at('after-drop');
    assertSameConnection(protocol, generation);
    const { lastId } = await protocol.append(blessing, plan.entries);
    const appendedAt = clock.monotonicMs();
    spans.reached('appended');
    await faults.at('after-append');
    // Between the reading of the blessing and here there was no other server on this connection.
    assertSameConnection(protocol, generation);
    // Best effort: a replica that hears nothing renews by itself.
    await protocol.ring().catch(() => {});
    await faults.at('before-mark');
    return { lastLogId: lastId, droppedAt, appendedAt };
  }

  #path(drainedAt: number, { lastLogId, droppedAt, appendedAt }: FannedOut): FanOutPath {
    const now = this.#deps.clock.monotonicMs();
    return {
      lastLogId,
      drainedMs: now - drainedAt,
      droppedMs: now - droppedAt,
      appendedMs: now - appendedAt,
    };
  }

  /** L2 has no list of an entity's keys. One that is filled after the SCAN began was read after the change. */
  async #dropAll(prefix: string, batch: LockedBatch): Promise<void> {
    for await (const keys of this.#deps.redis.scan(prefix)) {
      await this.#deps.redis.protocol.dropMany(keys.map((key) => ({ key, version: MAX_VERSION })));
      await batch.keepAlive();
    }
  }

  async #mark(batch: LockedBatch, named: SortedRows['named'], blessing: number, path: FanOutPath) {
    const applied = await batch.markApplied(
      named.map(({ row }) => row.id),
      blessing,
      path,
    );
    await this.#deps.faults.at('before-commit');
    return applied;
  }

  async #postpone(batch: LockedBatch, rows: readonly OutboxRow[], error: Error) {
    const ids = rows.map((row) => row.id);
    const failures = Math.max(...rows.map((row) => row.attempts)) + 1;
    const delayMs = retryDelayMs(failures, this.#deps.random);
    await batch.postpone(ids, delayMs + POLL_GRACE_MS, error.message);
    return { ids, delayMs, error };
  }
}

function assertSameConnection(protocol: Protocol, generation: number): void {
  if (protocol.generation !== generation) throw new Error('The connection to Redis was lost and made anew.');
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
