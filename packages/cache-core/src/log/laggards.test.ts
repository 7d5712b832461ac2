import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, type ProtocolRedis, startProtocolRedis } from '../../test/protocol-redis.ts';
import type { LogEntry } from './log-entry.ts';

let real: ProtocolRedis;
let domain: Domain;

beforeAll(async () => {
  real = await startProtocolRedis();
});

beforeEach(() => {
  domain = real.newDomain();
});

const event: LogEntry = { kind: 'fence', key: 'shop:item:1', version: '9223372036854775807' };

/** A replica that has applied `appliedId`, with a lease that ends so much from now. */
async function replica(replicaId: string, appliedId: string, leaseMs: number): Promise<void> {
  await real.redis.zadd(domain.leases, (await real.timeMs()) + leaseMs, replicaId);
  await real.redis.hset(domain.applied, replicaId, `${appliedId} ${appliedId}`);
}

describe('LAGGARDS', () => {
  test('are none where nobody holds a lease', async () => {
    const { history } = await domain.bless();
    expect(await domain.protocol.laggards('1-1')).toEqual({ history, blessing: 1, count: 0, waitMs: 0 });
  });

  test('are the replicas with a live lease that have yet to apply the event', async () => {
    await domain.bless();
    await replica('behind', '1-4', 40_000);
    await replica('further-behind', '1-0', 20_000);
    await replica('there', '1-5', 60_000);
    await replica('beyond', '1-10', 60_000);
    await replica('dead', '1-0', -1);
    const { count, waitMs } = await domain.protocol.laggards('1-5');
    expect(count).toBe(2);
    // Until the last of the two has run out, and no longer.
    expect(waitMs).toBeGreaterThan(20_000);
    expect(waitMs).toBeLessThanOrEqual(40_000);
  });

  test('are replicas of another blessing too, whatever their number, and ones without a record', async () => {
    await domain.bless({ blessing: 2 });
    await replica('old', '1-100', 60_000);
    await real.redis.zadd(domain.leases, (await real.timeMs()) + 60_000, 'unrecorded');
    expect(await domain.protocol.laggards('2-5')).toMatchObject({ blessing: 2, count: 2 });
  });

  test('compares places in the log as numbers', async () => {
    await domain.bless();
    await replica('ninth', '1-9', 60_000);
    expect(await domain.protocol.laggards('1-10')).toMatchObject({ count: 1 });
    expect(await domain.protocol.laggards('1-9')).toMatchObject({ count: 0 });
  });

  test('cannot be told by a server that is not blessed', async () => {
    await replica('behind', '1-0', 60_000);
    await expect(domain.protocol.laggards('1-1')).rejects.toMatchObject({
      code: 'FRESHET_UNBLESSED',
      retryable: true,
    });
  });

  test('stop counting once a renewal says that the event was applied', async () => {
    await domain.bless();
    await domain.protocol.renew('replica', '1-0', 1_500);
    const { lastId } = await domain.protocol.append(1, [event]);
    expect(await domain.protocol.laggards(lastId)).toMatchObject({ count: 1 });
    await domain.protocol.renew('replica', '1-0', 1_500);
    // It was given the event, and has not said that it applied it.
    expect(await domain.protocol.laggards(lastId)).toMatchObject({ count: 1 });
    await domain.protocol.renew('replica', lastId, 1_500);
    expect(await domain.protocol.laggards(lastId)).toMatchObject({ count: 0 });
  });
});

describe('RELEASE', () => {
  test('leaves nothing to wait for', async () => {
    await domain.bless();
    await domain.protocol.renew('replica', '1-0', 1_500);
    await domain.protocol.renew('another', '1-0', 1_500);
    await domain.protocol.release('replica');
    expect(await domain.protocol.laggards('1-1')).toMatchObject({ count: 1 });
    expect(await real.redis.hkeys(domain.applied)).toEqual(['another']);
    await domain.protocol.release('replica');
    await domain.protocol.release('another');
    expect(await domain.protocol.laggards('1-1')).toMatchObject({ count: 0 });
  });
});

describe('REPLICAS', () => {
  test('are none at first', async () => {
    expect(await domain.protocol.replicas()).toEqual([]);
  });

  test('shows who holds a lease until when, and how far behind they are', async () => {
    await domain.bless({ blessing: 2 });
    await domain.protocol.append(2, [event, event, event]);
    await replica('behind', '2-1', 60_000);
    await replica('dead', '2-3', -60_000);
    await replica('old', '1-9', 60_000);
    await real.redis.zadd(domain.leases, (await real.timeMs()) + 60_000, 'unrecorded');
    const replicas = await domain.protocol.replicas();
    expect(replicas.toSorted((a, b) => a.replicaId.localeCompare(b.replicaId))).toEqual([
      { replicaId: 'behind', leaseUntilMs: expect.any(Number), live: true, appliedId: '2-1', lag: 2 },
      { replicaId: 'dead', leaseUntilMs: expect.any(Number), live: false, appliedId: '2-3', lag: 0 },
      { replicaId: 'old', leaseUntilMs: expect.any(Number), live: true, appliedId: '1-9', lag: null },
      { replicaId: 'unrecorded', leaseUntilMs: expect.any(Number), live: true, appliedId: '', lag: null },
    ]);
  });
});
