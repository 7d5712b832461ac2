import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../../test/fake-clock.ts';
import type { Renewal } from '../log/coherence-log.ts';
import type { LogEntry } from '../log/log-entry.ts';
import { FreshnessLease, type FreshnessLeaseOptions } from './freshness-lease.ts';
import type { LeaseState } from './lease-state.ts';
import type { PolicyLease } from './policy-lease.ts';

type Granted = Extract<Renewal, { kind: 'ok' }>;

interface Asked {
  replicaId: string;
  lastId: string;
  leaseMs: number;
  answer: (renewal: Renewal) => Promise<void>;
  fail: () => Promise<void>;
}

/** A Redis that answers a renewal when the test says so. */
class RenewalsByHand {
  generation = 1;
  readonly asked: Asked[] = [];
  readonly released: string[] = [];
  readonly #listeners = new Set<(event: 'lost' | 'ready') => void>();

  renew(replicaId: string, lastId: string, leaseMs: number): Promise<Renewal> {
    const { promise, resolve, reject } = Promise.withResolvers<Renewal>();
    this.asked.push({
      replicaId,
      lastId,
      leaseMs,
      answer(renewal) {
        resolve(renewal);
        return settle();
      },
      fail() {
        reject(new Error('Command timed out'));
        return settle();
      },
    });
    return promise;
  }

  async release(replicaId: string): Promise<void> {
    this.released.push(replicaId);
  }

  onConnection(listener: (event: 'lost' | 'ready') => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  connection(event: 'lost' | 'ready'): Promise<void> {
    this.generation++;
    for (const listener of this.#listeners) listener(event);
    return settle();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** The renewal that was sent last. */
  get last(): Asked {
    const last = this.asked.at(-1);
    if (last === undefined) throw new Error('No renewal was sent.');
    return last;
  }
}

let clock: FakeClock;
let redis: RenewalsByHand;
let lease: FreshnessLease;
let policy: PolicyLease;
let happened: string[];
let states: LeaseState[];

beforeEach(() => {
  clock = new FakeClock();
  redis = new RenewalsByHand();
  happened = [];
  states = [];
  lease = create();
});

afterEach(() => {
  void lease.close();
});

function create(changed: Partial<FreshnessLeaseOptions> = {}): FreshnessLease {
  const created = new FreshnessLease({
    protocol: redis,
    clock,
    replicaId: 'replica',
    leaseMs: 1_500,
    renewEveryMs: 500,
    apply: (entry) => happened.push(`apply ${entry.key}, ${policy.valid() ? 'leased' : 'not leased'}`),
    flush: () => happened.push(`flush, ${policy.valid() ? 'leased' : 'not leased'}`),
    onChange: (state) => states.push(state),
    ...changed,
  });
  policy = created.policy(2_000);
  return created;
}

const key = (id: number): LogEntry => ({ kind: 'key', key: `shop:item:${id}`, version: '1' });
const FENCE: LogEntry = { kind: 'fence', key: 'shop:item:1', version: '9223372036854775807' };
const granted = (changed: Partial<Granted> = {}): Granted => ({
  kind: 'ok',
  blessing: 1,
  validFrom: 1,
  lastId: '1-0',
  leaseMs: 1_500,
  ageMs: 0,
  asOf: 1_000_000,
  maxStalenessMs: 2_000,
  entries: [],
  ...changed,
});
/** The head's watermark moves with time. */
const fresh = (changed: Partial<Granted> = {}): Granted => granted({ asOf: clock.wallMs(), ...changed });

async function hold(): Promise<void> {
  lease.start();
  await redis.last.answer(granted());
  expect(policy.valid()).toBe(true);
}

describe('a renewal', () => {
  test('is asked for at the start, from no place in the log', () => {
    lease.start();
    expect(redis.asked).toEqual([
      expect.objectContaining({ replicaId: 'replica', lastId: '', leaseMs: 1_500 }),
    ]);
    expect(lease.state).toEqual({ held: false, reason: 'starting' });
    expect([lease.blessing, lease.validFrom]).toEqual([0, 0]);
  });

  test('begins where the log’s end is told, after forgetting everything, and asks again at once', async () => {
    lease.start();
    await redis.last.answer({ kind: 'reset', blessing: 3, validFrom: 2, lastId: '3-5' });
    expect(happened).toEqual(['flush, not leased']);
    expect(lease.state).toEqual({ held: false, reason: 'reset' });
    expect([lease.blessing, lease.validFrom]).toEqual([3, 2]);
    expect(redis.asked).toHaveLength(2);
    expect(redis.last.lastId).toBe('3-5');
    await redis.last.answer(granted({ blessing: 3, validFrom: 2, lastId: '3-5' }));
    expect(lease.state).toEqual({ held: true });
    expect(policy.valid()).toBe(true);
  });

  test('is sent every renewEveryMs, from the end of the one before', async () => {
    await hold();
    await clock.advance(499);
    expect(redis.asked).toHaveLength(1);
    await clock.advance(1);
    expect(redis.asked).toHaveLength(2);
    await clock.advance(5_000);
    expect(redis.asked).toHaveLength(2);
    await redis.last.answer(fresh());
    await clock.advance(500);
    expect(redis.asked).toHaveLength(3);
  });

  test('is sent when it is asked for, and not again by the timer that it replaces', async () => {
    await hold();
    await clock.advance(300);
    lease.renew();
    expect(redis.asked).toHaveLength(2);
    await redis.last.answer(fresh());
    await clock.advance(499);
    expect(redis.asked).toHaveLength(2);
  });

  test('is at most one in flight and one behind it, however often the bell rings', async () => {
    lease.start();
    for (let ring = 0; ring < 10; ring++) lease.renew();
    await settle();
    expect(redis.asked).toHaveLength(1);
    await redis.last.answer(granted());
    expect(redis.asked).toHaveLength(2);
    await redis.last.answer(granted());
    expect(redis.asked).toHaveLength(2);
  });

  test('applies what it brings before it moves its place and before the lease is extended', async () => {
    lease.start();
    await redis.last.answer(granted({ entries: [key(1), key(2)], lastId: '1-2' }));
    expect(happened).toEqual(['apply shop:item:1, not leased', 'apply shop:item:2, not leased']);
    expect(policy.valid()).toBe(true);
    await clock.advance(500);
    expect(redis.last.lastId).toBe('1-2');
  });

  test('whose entry is not understood forgets everything, and goes on', async () => {
    lease.start();
    await redis.last.answer(granted({ entries: [key(1), null, key(2)], lastId: '1-3' }));
    expect(happened).toEqual([
      'apply shop:item:1, not leased',
      'flush, not leased',
      'apply shop:item:2, not leased',
    ]);
    expect(policy.valid()).toBe(true);
  });

  test('that brings a fence is followed by another at once, which records it as applied', async () => {
    await hold();
    lease.renew();
    await redis.last.answer(granted({ entries: [FENCE], lastId: '1-1' }));
    expect(redis.asked).toHaveLength(3);
    expect(redis.last.lastId).toBe('1-1');
    await redis.last.answer(granted({ lastId: '1-1' }));
    expect(redis.asked).toHaveLength(3);
  });
});

test('a renewal that was granted nothing is applied, and followed by another at once', async () => {
  lease.start();
  await redis.last.answer(granted({ leaseMs: 0, entries: [key(1)], lastId: '1-1' }));
  expect(happened).toEqual(['apply shop:item:1, not leased']);
  expect(policy.valid()).toBe(false);
  expect(redis.asked).toHaveLength(2);
  expect(redis.last.lastId).toBe('1-1');
  await redis.last.answer(granted({ lastId: '1-1' }));
  expect(policy.valid()).toBe(true);
});

test('a lease counts from before its renewal was sent, by both clocks', async () => {
  lease.start();
  clock.block(1_000);
  await redis.last.answer(granted());
  clock.block(434);
  expect(policy.valid()).toBe(true);
  clock.block(1);
  expect(policy.valid()).toBe(false);
  lease.renew();
  // Only the monotonic clock knows how long this one took.
  clock.block(1_000);
  clock.stepWall(-3_600_000);
  await redis.last.answer(fresh());
  clock.block(435);
  expect(policy.valid()).toBe(false);
  lease.renew();
  // The machine slept while the answer was under way.
  clock.suspend(1_435);
  await redis.last.answer(fresh());
  expect(policy.valid()).toBe(false);
});

describe('the lease ends', () => {
  test('by itself, without a renewal', async () => {
    await hold();
    await clock.advance(500);
    await clock.advance(934);
    expect(policy.valid()).toBe(true);
    await clock.advance(1);
    expect(policy.valid()).toBe(false);
    expect(lease.state).toEqual({ held: false, reason: 'expired' });
  });

  test('when renewals fail: it runs out, and not before', async () => {
    await hold();
    await clock.advance(500);
    await redis.last.fail();
    expect(policy.valid()).toBe(true);
    await clock.advance(500);
    await redis.last.fail();
    expect(lease.state).toEqual({ held: true });
    await clock.advance(500);
    await redis.last.fail();
    expect(policy.valid()).toBe(false);
    expect(lease.state).toEqual({ held: false, reason: 'renewal-failed' });
    await clock.advance(500);
    await redis.last.answer(fresh());
    expect(policy.valid()).toBe(true);
  });

  test('at once on a server that is not blessed, and memory is kept', async () => {
    await hold();
    lease.renew();
    await redis.last.answer({ kind: 'unblessed' });
    expect(policy.valid()).toBe(false);
    expect(lease.state).toEqual({ held: false, reason: 'unblessed' });
    expect(happened).toEqual([]);
    await clock.advance(500);
    expect(redis.asked).toHaveLength(3);
  });

  test('at once on a reset, before everything is forgotten', async () => {
    await hold();
    lease.renew();
    await redis.last.answer({ kind: 'reset', blessing: 2, validFrom: 2, lastId: '2-0' });
    expect(happened).toEqual(['flush, not leased']);
    expect(policy.valid()).toBe(false);
  });

  test('at once with the connection', async () => {
    await hold();
    await redis.connection('lost');
    expect(policy.valid()).toBe(false);
    expect(lease.state).toEqual({ held: false, reason: 'connection-lost' });
    await redis.connection('ready');
    expect(policy.valid()).toBe(false);
    expect(redis.asked).toHaveLength(2);
    await redis.last.answer(fresh());
    expect(policy.valid()).toBe(true);
  });

  test('with a term that tells, for whoever asked before and after', async () => {
    await hold();
    const { term } = policy;
    await redis.connection('lost');
    await redis.connection('ready');
    await redis.last.answer(fresh());
    expect(policy.valid()).toBe(true);
    expect(policy.term).not.toBe(term);
  });

  test('and an answer that was under way on the lost connection does not bring it back', async () => {
    await hold();
    lease.renew();
    const underWay = redis.last;
    await redis.connection('lost');
    await redis.connection('ready');
    await underWay.answer(granted({ entries: [key(1)], lastId: '1-1' }));
    expect(policy.valid()).toBe(false);
    // What that answer brought is asked for again, on the new connection.
    expect(redis.asked).toHaveLength(3);
    expect(redis.last.lastId).toBe('1-0');
  });

  test('after maxStaleness with a relay that is dead, whatever the server grants', async () => {
    await hold();
    const { asOf } = granted();
    for (let age = 500; age <= 1_500; age += 500) {
      await clock.advance(500);
      await redis.last.answer(granted({ asOf, ageMs: age }));
    }
    // 2,000 ms less drift of 70: since the watermark, not since the renewal.
    await clock.advance(429);
    expect(policy.valid()).toBe(true);
    await clock.advance(1);
    expect(policy.valid()).toBe(false);
    // Still renewed, so the domain's own lease state has to say no as well.
    expect(lease.state).toEqual({ held: false, reason: 'watermark-old' });
    await redis.last.answer(granted({ asOf, ageMs: 1_930 }));
    await clock.advance(100);
    // Once, however often it is renewed.
    expect(states).toEqual([{ held: true }, { held: false, reason: 'watermark-old' }]);
  });

  test('after maxStaleness even though the Redis clock stepped back and makes the watermark look young', async () => {
    await hold();
    const { asOf } = granted();
    for (let renewal = 0; renewal < 3; renewal++) {
      await clock.advance(500);
      await redis.last.answer(granted({ asOf, ageMs: -3_600_000 }));
    }
    await clock.advance(429);
    expect(policy.valid()).toBe(true);
    await clock.advance(1);
    expect(policy.valid()).toBe(false);
  });

  test('not while the watermark moves, whatever its age in local time adds up to', async () => {
    await hold();
    for (let renewal = 1; renewal <= 10; renewal++) {
      await clock.advance(500);
      await redis.last.answer(granted({ asOf: 1_000_000 + renewal * 500, ageMs: 100 }));
      expect(policy.valid()).toBe(true);
    }
  });

  test('for good when it is closed, and is given back', async () => {
    await hold();
    await lease.close();
    expect(policy.valid()).toBe(false);
    expect(lease.state).toEqual({ held: false, reason: 'closed' });
    expect(redis.released).toEqual(['replica']);
    expect(redis.listeners).toBe(0);
    lease.renew();
    await clock.advance(60_000);
    expect(redis.asked).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('when it is closed during a renewal: the answer does not bring it back, and the release comes after it', async () => {
    await hold();
    lease.renew();
    const closed = lease.close();
    await settle();
    expect(redis.released).toEqual([]);
    expect(policy.valid()).toBe(false);
    await redis.last.answer(granted({ entries: [key(1)] }));
    await closed;
    expect(policy.valid()).toBe(false);
    expect(happened).toEqual([]);
    expect(redis.released).toEqual(['replica']);
    await clock.advance(60_000);
    expect(redis.asked).toHaveLength(2);
  });

  test('also when Redis does not take it back', async () => {
    redis.release = () => Promise.reject(new Error('Connection is closed.'));
    await hold();
    await expect(lease.close()).resolves.toBeUndefined();
  });
});

describe('policies', () => {
  test('end at their own bounds, and the state is that of the loosest', async () => {
    const strict = lease.policy(1_000);
    const byTtl = lease.policy(null);
    await hold();
    expect(strict.valid()).toBe(true);
    await clock.advance(940);
    expect([strict.valid(), policy.valid(), byTtl.valid()]).toEqual([false, true, true]);
    expect(lease.state).toEqual({ held: true });
    await clock.advance(1_000);
    expect([strict.valid(), policy.valid(), byTtl.valid()]).toEqual([false, false, true]);
  });
});

test('each change of state is told once', async () => {
  await hold();
  lease.renew();
  await redis.last.answer(granted());
  await redis.connection('lost');
  await redis.connection('lost');
  await redis.connection('ready');
  await redis.last.answer(granted());
  expect(states).toEqual([{ held: true }, { held: false, reason: 'connection-lost' }, { held: true }]);
});

test('a lease that ran out without a word from Redis shows in what policies hold within a tick', async () => {
  await hold();
  // Only the wall clock says so, and then steps back behind the lease's end.
  clock.suspend(3_600_000);
  await clock.advance(100);
  clock.stepWall(-3_600_000);
  expect(policy.valid()).toBe(false);
});
