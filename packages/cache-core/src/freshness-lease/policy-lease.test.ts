import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { withDrift } from '../options.ts';
import { PolicyLease, type Proof, WallClockGuard } from './policy-lease.ts';

let clock: FakeClock;
let guard: WallClockGuard;
let lease: PolicyLease;

beforeEach(() => {
  clock = new FakeClock();
  guard = new WallClockGuard();
  lease = new PolicyLease(clock, guard, 2_000);
});

/** What a renewal that is sent now would prove; its answer may come later. */
const sent = (changed: Partial<Proof> = {}): Proof => ({
  sentAt: clock.monotonicMs(),
  wallSentAt: clock.wallMs(),
  leaseMs: 1_500,
  ageMs: 0,
  maxStalenessMs: 60_000,
  ...changed,
});
const bothSay = (): [boolean, boolean] => [lease.valid(), lease.validAtWall(clock.wallMs())];

describe('a lease', () => {
  test('is not held at first', () => {
    expect(bothSay()).toEqual([false, false]);
  });

  test('ends before the server’s ends, by what clocks may drift', () => {
    // 1 % of 1,500 ms and 50 ms.
    lease.extend(sent());
    clock.block(1_434);
    expect(bothSay()).toEqual([true, true]);
    clock.block(1);
    expect(bothSay()).toEqual([false, false]);
    expect(withDrift(1_500) - 1_500).toBe(65);
  });

  test('is counted from before the renewal was sent, however late its answer comes', () => {
    const proof = sent();
    clock.block(1_000);
    lease.extend(proof);
    clock.block(434);
    expect(bothSay()).toEqual([true, true]);
    clock.block(1);
    expect(bothSay()).toEqual([false, false]);
  });

  test('is not held when the answer comes after its end', () => {
    const proof = sent();
    clock.block(1_435);
    lease.extend(proof);
    expect(bothSay()).toEqual([false, false]);
  });

  test('ends when the watermark is too old for the policy, though the server granted more', () => {
    // 2,000 ms less drift of 70, less the age of 1,000.
    lease.extend(sent({ ageMs: 1_000 }));
    clock.block(929);
    expect(bothSay()).toEqual([true, true]);
    clock.block(1);
    expect(bothSay()).toEqual([false, false]);
  });

  test('is not held at all when the watermark is older than the policy allows', () => {
    lease.extend(sent({ ageMs: 1_930 }));
    expect(bothSay()).toEqual([false, false]);
  });

  test('obeys the domain’s limit where that is less than the policy’s', () => {
    lease.extend(sent({ ageMs: 0, maxStalenessMs: 1_000 }));
    clock.block(939);
    expect(bothSay()).toEqual([true, true]);
    clock.block(1);
    expect(bothSay()).toEqual([false, false]);
  });

  test('of a policy that is fresh to its TTL is always valid', () => {
    const always = new PolicyLease(clock, guard, null);
    always.revoke();
    expect(always.valid()).toBe(true);
    expect(always.validAtWall(clock.wallMs())).toBe(true);
  });

  test('is gone at once when it is revoked', () => {
    lease.extend(sent());
    lease.revoke();
    expect(bothSay()).toEqual([false, false]);
  });
});

describe('when clocks lie', () => {
  test('a machine that slept does not answer from before: its monotonic clock stood still', () => {
    lease.extend(sent());
    clock.suspend(1_435);
    expect(bothSay()).toEqual([false, false]);
  });

  test('a machine that slept between question and answer has no lease', () => {
    const proof = sent();
    clock.suspend(1_435);
    lease.extend(proof);
    expect(bothSay()).toEqual([false, false]);
  });

  test('a wall clock that steps back behind what was read ends the lease', () => {
    lease.extend(sent());
    clock.block(100);
    expect(lease.validAtWall(clock.wallMs())).toBe(true);
    clock.stepWall(-1);
    expect(bothSay()).toEqual([false, false]);
    // And does not come back when the clock has caught up with the lease's end, but not with what was read.
    clock.stepWall(-3_600_000);
    expect(bothSay()).toEqual([false, false]);
  });

  test('a wall clock that stepped back between question and answer does not prolong the lease', () => {
    const proof = sent();
    clock.stepWall(-3_600_000);
    clock.block(1_000);
    lease.extend(proof);
    clock.block(434);
    expect(lease.validAtWall(clock.wallMs())).toBe(true);
    clock.block(1);
    expect(lease.validAtWall(clock.wallMs())).toBe(false);
  });

  test('a step back that no reader saw is found by the watch, by the monotonic clock', () => {
    lease.extend(sent());
    clock.stepWall(-3_600_000);
    clock.block(1_435);
    lease.watch();
    expect(lease.validAtWall(clock.wallMs())).toBe(false);
  });

  test('a wall clock that steps forward ends the lease early, never late', () => {
    lease.extend(sent());
    clock.stepWall(3_600_000);
    expect(bothSay()).toEqual([false, false]);
  });

  test('the guard begins anew with a renewal that was answered after the step', () => {
    guard.advances(clock.wallMs());
    clock.stepWall(-10_000);
    lease.extend(sent());
    expect(bothSay()).toEqual([false, false]);
    guard.reset(clock.wallMs());
    lease.extend(sent());
    expect(bothSay()).toEqual([true, true]);
  });
});

describe('the term', () => {
  test('stays while the lease is renewed in time', () => {
    lease.extend(sent());
    const { term } = lease;
    clock.block(500);
    lease.extend(sent());
    clock.block(1_400);
    expect(lease.valid()).toBe(true);
    expect(lease.term).toBe(term);
  });

  test('is another after a gap, however brief, that nobody looked into', () => {
    lease.extend(sent());
    const { term } = lease;
    clock.block(1_435);
    lease.extend(sent());
    expect(lease.valid()).toBe(true);
    expect(lease.term).not.toBe(term);
  });

  test('is another after the lease was revoked', () => {
    lease.extend(sent());
    const { term } = lease;
    lease.revoke();
    lease.extend(sent());
    expect(lease.term).not.toBe(term);
  });

  test('is another after the watch found the end of the lease', () => {
    lease.extend(sent());
    const { term } = lease;
    lease.watch();
    expect(lease.term).toBe(term);
    clock.suspend(1_435);
    lease.watch();
    expect(lease.term).not.toBe(term);
    const after = lease.term;
    lease.watch();
    expect(lease.term).toBe(after);
  });
});
