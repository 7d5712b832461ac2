import { ageFromNow, type Clock, pause } from '../clock.ts';
import { isFreshetError } from '../errors.ts';
import type { FreshnessLease } from '../freshness-lease/freshness-lease.ts';
import { type CacheId, logicalKey, physicalKey } from '../keys/key.ts';
import { MAX_VERSION, NO_VERSION, type Version } from '../keys/version.ts';
import { drift, type Timings, withDrift } from '../options.ts';
import type { Protocol } from '../redis/protocol.ts';
import type { Replica } from '../replica.ts';
import { traceStep } from '../telemetry/strong-write-span.ts';
import { currentTraceparent } from '../telemetry/trace-context.ts';

/** The write has to begin again: the servers that answered it are not one server under one blessing that still counts. */
export class Overtaken extends Error {}

/** A key that its caches stand aside from, on every schema version, until `publish` or the deadline. */
export interface Fence {
  blessing: number;
  /** Of the server that was fenced. */
  history: string;
  /** The schema versions that were fenced. */
  numbers: readonly number[];
  /** Milliseconds since before FENCE was sent. */
  ageMs: () => number;
  /** Lifts the fence; the entry is stored under its schema version. A failure leaves the fence to its deadline. */
  publish(version: Version, stored: { number: number; entry: string; ttlMs: number } | null): Promise<void>;
}

const LONGEST_PAUSE_MS = 20;

/**
 * Fences a key, then empties every replica's memory of it.
 * @throws Overtaken; Redis' errors
 */
export async function raiseFence(replica: Replica, entity: string, id: CacheId): Promise<Fence> {
  const { service, protocol, registry, clock, timings } = replica;
  const token = replica.token();
  const numbers = registry.numbers(service, entity);
  const keys = numbers.map((number) => ({ number, key: physicalKey(service, entity, number, id) }));
  const ageMs = ageFromNow(clock);
  // FENCE touches one key, so it cannot see the head. Asked before it on the same connection, STATUS can: a blessing that
  // is still in force afterwards was in force when the fence was set.
  const asked = [
    protocol.status(),
    ...keys.map(({ key }) => protocol.fence(key, token, timings.fenceMs)),
  ] as const;
  const publish: Fence['publish'] = async (version, stored) => {
    await Promise.all(
      keys.map(({ number, key }) =>
        protocol.publish(key, token, version, stored?.number === number ? stored : null),
      ),
    );
  };
  // All of them, before anything is lifted: where one answer is an error, another fence may stand.
  await Promise.allSettled(asked);
  try {
    const [status, ...fenced] = await Promise.all(asked);
    if (!status.blessed) throw new Overtaken('this Redis is not blessed');
    for (const { primary, history } of fenced) assertSameServer(primary && history === status.history);
    traceStep('fenced');
    // FENCE first, then the event: a reader that the event sends to L2 must find the fence there.
    await emptyMemories(replica, logicalKey(service, entity, id), status, () => leavesTime(ageMs(), timings));
    replica.measures.barrierPassed(ageMs());
    traceStep('barrier_passed');
    return { blessing: status.blessing, history: status.history, numbers, ageMs, publish };
  } catch (error) {
    await lift({ publish });
    if (isFreshetError(error, 'FRESHET_UNBLESSED', 'FRESHET_OTHER_BLESSING'))
      throw new Overtaken(error.message);
    throw error;
  }
}

/** Lifts a fence after which nothing was changed. */
export async function lift(fence: Pick<Fence, 'publish'>): Promise<void> {
  await fence.publish(NO_VERSION, null).catch(() => {
    // It stands until its deadline: the key is uncached meanwhile, and not wrong.
  });
}

/** What an event and its barrier need of a replica. */
interface EventPath {
  protocol: Pick<Protocol, 'append' | 'ring' | 'laggards'>;
  lease: Pick<FreshnessLease, 'renew'>;
  clock: Clock;
}

/**
 * Appends the event that empties every replica's memory of a key, and waits until none with a live lease has yet to apply
 * it: a dead or cut-off one is waited for until its lease has run out.
 * @throws Overtaken; Redis' errors
 */
export async function emptyMemories(
  replica: EventPath,
  key: string,
  server: Pick<Fence, 'history' | 'blessing'>,
  mayWait: () => boolean,
): Promise<void> {
  const { protocol, clock } = replica;
  const traceparent = currentTraceparent();
  const appended = await protocol.append(server.blessing, [
    { kind: 'fence', key, version: MAX_VERSION, ...(traceparent !== undefined && { traceparent }) },
  ]);
  assertSameServer(appended.history === server.history);
  protocol.ring().catch(() => {
    // The replicas renew by themselves a little later.
  });
  replica.lease.renew();
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const laggards = await protocol.laggards(appended.lastId);
    assertSameServer(laggards.history === server.history && laggards.blessing === server.blessing);
    if (laggards.count === 0) return;
    if (!mayWait()) throw new Overtaken('a replica with a live lease does not follow');
    await pause(clock, Math.max(1, Math.min(pauseMs, laggards.waitMs)));
  }
}

/** Whether a transaction that begins now ends while the fence stands, on the clock of whichever machine is the slowest. */
export function leavesTime(fenceAgeMs: number, { strongTransactionMs, fenceMs }: Timings): boolean {
  return fenceAgeMs + withDrift(strongTransactionMs) <= fenceMs;
}

/** Whether a fence may have ended, on the clock of whichever machine is the fastest. */
export function mayHaveEnded(fenceAgeMs: number, { fenceMs }: Timings): boolean {
  return fenceAgeMs >= fenceMs - drift(fenceMs);
}

function assertSameServer(same: boolean): void {
  if (!same) throw new Overtaken('another Redis, or another blessing, answered in between');
}
