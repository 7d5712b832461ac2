import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, type ProtocolRedis, startProtocolRedis } from '../../test/protocol-redis.ts';
import { limits } from '../options.ts';
import type { LogEntry } from './log-entry.ts';

let real: ProtocolRedis;
let domain: Domain;

beforeAll(async () => {
  real = await startProtocolRedis();
});

beforeEach(() => {
  domain = real.newDomain();
});

const change = (id: number): LogEntry => ({ kind: 'key', key: `shop:item:${id}`, version: String(id + 1) });
const changes = (count: number): LogEntry[] => Array.from({ length: count }, (_, index) => change(index));
const leaseEnd = async (replicaId: string): Promise<number> =>
  Number(await real.redis.zscore(domain.leases, replicaId));

describe('RENEW without a lease', () => {
  test('on a server that is not blessed', async () => {
    expect(await domain.protocol.renew('replica', '', 1_500)).toEqual({ kind: 'unblessed' });
    await domain.bless();
    await real.redis.hset(domain.head, 'history', '0'.repeat(40));
    expect(await domain.protocol.renew('replica', '1-0', 1_500)).toEqual({ kind: 'unblessed' });
  });

  test.each([
    ['at first', ''],
    ['of an older blessing', '2-5'],
    ['of a later blessing', '4-1'],
    ['of a later blessing with the same digits', '33-1'],
    ['beyond the end of the log', '3-6'],
    ['that is no log id', 'garbage'],
  ])('when the place in the log is one %s: start anew at its end', async (_, lastId) => {
    await domain.bless({ blessing: 3, validFrom: 2 });
    await domain.protocol.append(3, changes(5));
    expect(await domain.protocol.renew('replica', lastId, 1_500)).toEqual({
      kind: 'reset',
      blessing: 3,
      validFrom: 2,
      lastId: '3-5',
    });
    expect(await real.redis.exists(domain.leases, domain.applied)).toBe(0);
  });

  test('when the clock of the server stepped back, until a relay has looked again', async () => {
    const { history, blessing } = await domain.bless();
    const renew = () => domain.protocol.renew('replica', '1-0', 1_500);
    expect(await renew()).toMatchObject({ kind: 'ok' });
    // Relays that died before the step would seem to have looked just now.
    const { timeMs } = await domain.protocol.status();
    await real.redis.hset(domain.head, 'seen', timeMs + 60_000);
    expect(await renew()).toEqual({ kind: 'no-watermark' });
    expect(await renew()).toEqual({ kind: 'no-watermark' });
    expect(await domain.protocol.watermark({ history, blessing, timeMs, appliedNo: '1' })).toBe(true);
    expect(await renew()).toMatchObject({ kind: 'ok', asOf: timeMs });
  });

  test('when the log was trimmed past it', async () => {
    await domain.bless();
    await domain.protocol.append(1, changes(5));
    await real.redis.xtrim(domain.log, 'MAXLEN', 3);
    expect(await domain.protocol.renew('replica', '1-1', 1_500)).toMatchObject({
      kind: 'reset',
      lastId: '1-5',
    });
    expect(await domain.protocol.renew('replica', '1-2', 1_500)).toMatchObject({ kind: 'ok' });
  });

  test('when entries in the middle, at the end, or all of them are gone', async () => {
    await domain.bless();
    await domain.protocol.append(1, changes(5));
    await real.redis.xdel(domain.log, '1-3');
    expect(await domain.protocol.renew('replica', '1-0', 1_500)).toMatchObject({ kind: 'reset' });
    expect(await domain.protocol.renew('replica', '1-3', 1_500)).toMatchObject({ kind: 'ok' });
    await real.redis.xdel(domain.log, '1-5');
    expect(await domain.protocol.renew('replica', '1-3', 1_500)).toMatchObject({ kind: 'reset' });
    await real.redis.del(domain.log);
    expect(await domain.protocol.renew('replica', '1-4', 1_500)).toMatchObject({ kind: 'reset' });
  });

  test('when more is missing than is read at once', async () => {
    await domain.bless();
    await domain.protocol.append(1, changes(limits.logLength));
    expect(await domain.protocol.renew('replica', '1-0', 1_500)).toMatchObject({ kind: 'ok' });
    // The log still reaches back; only the bound says no.
    await real.redis.hset(domain.head, 'last', limits.logLength + 1);
    await real.redis.xadd(domain.log, `1-${limits.logLength + 1}`, 'e', 'x');
    expect(await domain.protocol.renew('replica', '1-0', 1_500)).toMatchObject({ kind: 'reset' });
  });
});

describe('RENEW with a lease', () => {
  test('returns what came after, in order, and what the head says', async () => {
    const { asOf } = await domain.bless({ blessing: 3, validFrom: 2 });
    await domain.protocol.append(3, changes(3));
    const before = await real.timeMs();
    const renewal = await domain.protocol.renew('replica', '3-1', 1_200);
    const after = await real.timeMs();
    expect(renewal).toEqual({
      kind: 'ok',
      blessing: 3,
      validFrom: 2,
      lastId: '3-3',
      leaseMs: 1_200,
      ageMs: expect.any(Number),
      asOf,
      maxStalenessMs: 2_000,
      entries: [change(1), change(2)],
    });
    const { ageMs } = renewal as { ageMs: number };
    expect(ageMs).toBeGreaterThanOrEqual(before - asOf);
    expect(ageMs).toBeLessThanOrEqual(after - asOf);
  });

  test('returns null in place of an entry that is not understood', async () => {
    await domain.bless();
    await real.redis.xadd(domain.log, '1-1', 'e', '{"kind":"of a later release"}');
    await real.redis.hset(domain.head, 'last', 1);
    expect(await domain.protocol.renew('replica', '1-0', 1_500)).toMatchObject({ entries: [null] });
  });

  test('records what the replica has applied, and beside it what it is told now', async () => {
    await domain.bless();
    await domain.protocol.append(1, changes(3));
    await domain.protocol.renew('replica', '1-1', 1_500);
    expect(await real.redis.hgetall(domain.applied)).toEqual({ replica: '1-1 1-3' });
    await domain.protocol.renew('replica', '1-3', 1_500);
    expect(await real.redis.hgetall(domain.applied)).toEqual({ replica: '1-3 1-3' });
  });

  test('extends nothing for a replica whose answer before this one was lost, and grants once it caught up', async () => {
    await domain.bless();
    await domain.protocol.renew('replica', '1-0', 1_500);
    await domain.protocol.append(1, changes(2));
    expect(await domain.protocol.renew('replica', '1-0', 1_500)).toMatchObject({ leaseMs: 1_500 });
    const end = await leaseEnd('replica');
    await domain.protocol.append(1, changes(1));
    for (let lost = 0; lost < 3; lost++) {
      expect(await domain.protocol.renew('replica', '1-0', 1_500)).toMatchObject({ kind: 'ok', leaseMs: 0 });
    }
    expect(await leaseEnd('replica')).toBe(end);
    expect(await domain.protocol.renew('replica', '1-3', 1_500)).toMatchObject({ leaseMs: 1_500 });
  });

  test('does not hold against a replica what it was told under another blessing', async () => {
    await domain.bless({ blessing: 1 });
    await domain.protocol.append(1, changes(5));
    await domain.protocol.renew('replica', '1-0', 1_500);
    await domain.bless({ blessing: 2 });
    expect(await domain.protocol.renew('replica', '2-0', 1_500)).toMatchObject({ leaseMs: 1_500 });
  });

  test('grants what is asked for, counted on the server’s clock from receipt', async () => {
    await domain.bless();
    const before = await real.timeMs();
    expect(await domain.protocol.renew('replica', '1-0', 1_000)).toMatchObject({ leaseMs: 1_000 });
    const after = await real.timeMs();
    expect(await leaseEnd('replica')).toBeGreaterThanOrEqual(before + 1_000);
    expect(await leaseEnd('replica')).toBeLessThanOrEqual(after + 1_000);
  });

  test('grants no more than the domain’s limit', async () => {
    await domain.bless({ limits: { leaseMs: 700, maxStalenessMs: 900, strongTransactionMs: 2_000 } });
    expect(await domain.protocol.renew('replica', '1-0', 60_000)).toMatchObject({
      leaseMs: 700,
      maxStalenessMs: 900,
    });
    expect(await leaseEnd('replica')).toBeLessThanOrEqual((await real.timeMs()) + 700);
  });

  test('keeps its records out of reach of eviction', async () => {
    await domain.bless();
    await domain.protocol.append(1, changes(1));
    await domain.protocol.renew('replica', '1-0', 1_500);
    for (const key of [domain.head, domain.log, domain.applied, domain.leases]) {
      expect({ key, ttl: await real.redis.pttl(key) }).toEqual({ key, ttl: -1 });
    }
  });

  test('forgets replicas whose lease ran out long ago, and no others', async () => {
    await domain.bless();
    const now = await real.timeMs();
    const longAgo = now - limits.forgetReplicaMs - 10_000;
    await real.redis.zadd(domain.leases, longAgo, 'dead');
    await real.redis.zadd(domain.leases, now - 10_000, 'just-expired');
    await real.redis.zadd(domain.leases, now + 60_000, 'live');
    await real.redis.hset(domain.applied, { dead: '1-0', 'just-expired': '1-0', live: '1-0' });
    await domain.protocol.renew('replica', '1-0', 1_500);
    expect(Object.keys(await real.redis.hgetall(domain.applied)).toSorted()).toEqual([
      'just-expired',
      'live',
      'replica',
    ]);
    expect((await real.redis.zrange(domain.leases, '0', '-1')).toSorted()).toEqual([
      'just-expired',
      'live',
      'replica',
    ]);
  });
});
