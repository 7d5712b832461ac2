import { pause } from '../clock.ts';
import { isFreshetError } from '../errors.ts';
import { type CacheId, logicalKey, physicalKey } from '../keys/key.ts';
import { MAX_VERSION, NO_VERSION, type Version } from '../keys/version.ts';
import { type Timings, withDrift } from '../options.ts';
import type { Replica } from '../replica.ts';
import { traceStep } from '../telemetry/strong-write-span.ts';
import { currentTraceparent } from '../telemetry/trace-context.ts';

/** The write has to begin again: the servers that answered it are not one server under one blessing that still counts. */
export class Overtaken extends Error {}

/** A key that its caches stand aside from, on every schema version, until `publish` or the deadline. */
export interface Fence {
  blessing: number;
  /** The schema versions that were fenced. */
  numbers: readonly number[];
  /** On the monotonic clock, before FENCE was sent. */
  sentAt: number;
  /** Lifts the fence; the entry is stored under its schema version. A failure leaves the fence to its deadline. */
  publish(version: Version, stored: { number: number; entry: string; ttlMs: number } | null): Promise<void>;
}

const LONGEST_PAUSE_MS = 20;

/**
 * Fences a key, appends the event that empties every replica's memory of it, and waits until no replica with a live
 * lease has yet to apply that event: a dead or cut-off one is waited for until its lease has run out.
 * @throws Overtaken; Redis' errors
 */
export async function raiseFence(replica: Replica, entity: string, id: CacheId): Promise<Fence> {
  const { service, protocol, registry, clock, timings } = replica;
  const token = replica.token();
  const numbers = registry.numbers(service, entity);
  const keys = numbers.map((number) => ({ number, key: physicalKey(service, entity, number, id) }));
  const sentAt = clock.monotonicMs();
  // FENCE touches one key, so it cannot see the head. Asked before it on the same connection, STATUS can: a blessing that
  // is still in force afterwards was in force when the fence was set.
  const [status, ...fenced] = await Promise.all([
    protocol.status(),
    ...keys.map(({ key }) => protocol.fence(key, token, timings.fenceMs)),
  ]);
  const fence: Fence = {
    blessing: status.blessing,
    numbers,
    sentAt,
    async publish(version, stored) {
      await Promise.all(
        keys.map(({ number, key }) =>
          protocol.publish(key, token, version, stored?.number === number ? stored : null),
        ),
      );
    },
  };
  try {
    if (!status.blessed) throw new Overtaken('this Redis is not blessed');
    for (const { primary, history } of fenced) assertSameServer(primary && history === status.history);
    traceStep('fenced');
    // FENCE first, then the event: a reader that the event sends to L2 must find the fence there.
    const key = logicalKey(service, entity, id);
    const traceparent = currentTraceparent();
    const appended = await protocol.append(status.blessing, [
      { kind: 'fence', key, version: MAX_VERSION, ...(traceparent !== undefined && { traceparent }) },
    ]);
    assertSameServer(appended.history === status.history);
    protocol.ring().catch(() => {
      // The replicas renew by themselves a little later.
    });
    replica.lease.renew();
    await barrier(replica, appended.lastId, status, sentAt);
    traceStep('barrier_passed');
    return fence;
  } catch (error) {
    await lift(fence);
    if (isFreshetError(error, 'FRESHET_UNBLESSED', 'FRESHET_OTHER_BLESSING'))
      throw new Overtaken(error.message);
    throw error;
  }
}

/** Lifts a fence after which nothing was changed. */
export async function lift(fence: Fence): Promise<void> {
  await fence.publish(NO_VERSION, null).catch(() => {
    // It stands until its deadline: the key is uncached meanwhile, and not wrong.
  });
}

async function barrier(
  { protocol, clock, timings }: Replica,
  eventId: string,
  status: { history: string; blessing: number },
  fencedAt: number,
): Promise<void> {
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const laggards = await protocol.laggards(eventId);
    assertSameServer(laggards.history === status.history && laggards.blessing === status.blessing);
    if (laggards.count === 0) return;
    if (!leavesTime(fencedAt, clock.monotonicMs(), timings))
      throw new Overtaken('a replica with a live lease does not follow');
    await pause(clock, Math.max(1, Math.min(pauseMs, laggards.waitMs)));
  }
}

/** Whether a transaction that begins now ends while the fence stands, on the clock of whichever machine is the slowest. */
export function leavesTime(
  fencedAt: number,
  now: number,
  { strongTransactionMs, fenceMs }: Timings,
): boolean {
  return now - fencedAt + withDrift(strongTransactionMs) <= fenceMs;
}

function assertSameServer(same: boolean): void {
  if (!same) throw new Overtaken('another Redis, or another blessing, answered in between');
}
