import { eventually, startRedis } from '@freshet/test-kit';
import type { Redis } from 'ioredis';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  connected,
  type Domain,
  domainOn,
  type ProtocolRedis,
  startProtocolRedis,
} from '../../test/protocol-redis.ts';
import type { LogEntry } from './log-entry.ts';

let real: ProtocolRedis;
let domain: Domain;

beforeAll(async () => {
  real = await startProtocolRedis();
});

beforeEach(() => {
  domain = real.newDomain();
});

const change: LogEntry = { kind: 'key', key: 'shop:item:1', version: '1' };
const OTHER_HISTORY = '0'.repeat(40);
// Instead of waiting 5 s for more replicas to come.
const SYNCS_AT_ONCE = { settings: { 'repl-diskless-sync-delay': '0' } };

describe('BLESS', () => {
  test('writes the head and begins an empty log', async () => {
    await domain.bless({ blessing: 1 });
    await domain.protocol.append(1, [change]);
    const { history, asOf } = await domain.bless({
      blessing: 4,
      validFrom: 3,
      appliedNo: '9007199254740993',
    });
    expect(await real.redis.hgetall(domain.head)).toEqual({
      history,
      blessing: '4',
      validFrom: '3',
      origin: '7000000000000000000:1',
      last: '0',
      asOf: String(asOf),
      appliedNo: '9007199254740993',
      leaseMs: '1500',
      maxStalenessMs: '2000',
      strongTransactionMs: '2000',
    });
    expect(await real.redis.exists(domain.log)).toBe(0);
    expect(await domain.protocol.append(4, [change])).toMatchObject({ lastId: '4-1' });
  });

  test('is refused for another history', async () => {
    await expect(domain.bless({ history: OTHER_HISTORY })).rejects.toThrow('refused');
    expect(await real.redis.exists(domain.head)).toBe(0);
  });

  test.each([4, 3])('is refused for %i when the head has blessing 4, and loses nothing', async (blessing) => {
    await domain.bless({ blessing: 4 });
    await domain.protocol.append(4, [change]);
    await expect(domain.bless({ blessing })).rejects.toThrow('refused');
    expect(await real.redis.hget(domain.head, 'last')).toBe('1');
    expect(await real.redis.xlen(domain.log)).toBe(1);
  });

  test('compares blessings as numbers', async () => {
    await domain.bless({ blessing: 9 });
    await domain.bless({ blessing: 10 });
    await expect(domain.bless({ blessing: 9 })).rejects.toThrow('refused');
  });

  test('is refused below a head of another history, too', async () => {
    // A server that was a replica of the one that was blessed last.
    await domain.bless({ blessing: 4 });
    await real.redis.hset(domain.head, 'history', OTHER_HISTORY);
    await expect(domain.bless({ blessing: 4 })).rejects.toThrow('refused');
    await domain.bless({ blessing: 5 });
    expect(await domain.protocol.status()).toMatchObject({ blessed: true, blessing: 5 });
  });

  test('leaves leases under the old blessing to be waited for', async () => {
    await domain.bless({ blessing: 1 });
    await domain.protocol.renew('replica', '1-0', 1_500);
    await domain.bless({ blessing: 2 });
    expect(await domain.protocol.laggards('2-1')).toMatchObject({ count: 1 });
  });
});

describe('STATUS', () => {
  test('of a server that was never blessed', async () => {
    const before = await real.timeMs();
    const status = await domain.protocol.status();
    expect(status).toEqual({
      timeMs: expect.any(Number),
      primary: true,
      blessed: false,
      history: expect.stringMatching(/^[0-9a-f]{40}$/),
      blessing: 0,
      origin: null,
      asOf: null,
      appliedNo: null,
      validFrom: null,
    });
    expect(status.timeMs).toBeGreaterThanOrEqual(before);
    expect(status.timeMs).toBeLessThanOrEqual(await real.timeMs());
  });

  test('of a blessed one', async () => {
    const { history, asOf, origin } = await domain.bless({ blessing: 4, appliedNo: '9007199254740993' });
    expect(await domain.protocol.status()).toMatchObject({
      primary: true,
      blessed: true,
      history,
      blessing: 4,
      origin,
      asOf,
      appliedNo: '9007199254740993',
    });
  });

  test('of one whose head another history wrote: what the head says, and not blessed', async () => {
    await domain.bless({ blessing: 4 });
    await real.redis.hset(domain.head, 'history', OTHER_HISTORY);
    const { history } = await real.newDomain().protocol.status();
    expect(await domain.protocol.status()).toMatchObject({ blessed: false, blessing: 4, history });
  });
});

describe('WATERMARK', () => {
  const head = (): Promise<(string | null)[]> => real.redis.hmget(domain.head, 'asOf', 'appliedNo');

  test('moves up, and neither figure ever goes down', async () => {
    const { history, blessing } = await domain.bless({ asOf: 1_767_225_600_000, appliedNo: '9' });
    const mark = (timeMs: number, appliedNo: string): Promise<boolean> =>
      domain.protocol.watermark({ history, blessing, timeMs, appliedNo });
    expect(await mark(1_767_225_600_100, '10')).toBe(true);
    expect(await head()).toEqual(['1767225600100', '10']);
    expect(await mark(1_767_225_600_050, '11')).toBe(true);
    expect(await head()).toEqual(['1767225600100', '11']);
    expect(await mark(1_767_225_600_200, '9')).toBe(true);
    expect(await head()).toEqual(['1767225600200', '11']);
    // One and the same as Lua numbers.
    await mark(1_767_225_600_200, '9007199254740993');
    await mark(1_767_225_600_200, '9007199254740992');
    expect(await head()).toEqual(['1767225600200', '9007199254740993']);
  });

  test('is refused under another history or blessing', async () => {
    const { history, blessing, asOf } = await domain.bless({ blessing: 2, asOf: 1_767_225_600_000 });
    const mark = { history, blessing, timeMs: asOf + 1_000, appliedNo: '5' };
    expect(await domain.protocol.watermark({ ...mark, history: OTHER_HISTORY })).toBe(false);
    expect(await domain.protocol.watermark({ ...mark, blessing: 1 })).toBe(false);
    expect(await domain.protocol.watermark({ ...mark, blessing: 3 })).toBe(false);
    expect(await head()).toEqual([String(asOf), '0']);
    expect(await domain.protocol.watermark(mark)).toBe(true);
  });

  test('is refused for a time that the clock of the server has not reached', async () => {
    const { history, blessing, asOf } = await domain.bless();
    const mark = { history, blessing, timeMs: asOf + 3_600_000, appliedNo: '5' };
    expect(await domain.protocol.watermark(mark)).toBe(false);
    expect(await head()).toEqual([String(asOf), '0']);
  });

  test('is refused by a server that is not blessed', async () => {
    const { history, asOf } = await domain.bless();
    await real.redis.hset(domain.head, 'history', OTHER_HISTORY);
    const mark = { blessing: 1, timeMs: asOf + 1_000, appliedNo: '5' };
    expect(await domain.protocol.watermark({ ...mark, history })).toBe(false);
    expect(await domain.protocol.watermark({ ...mark, history: OTHER_HISTORY })).toBe(false);
    const never = real.newDomain();
    expect(await never.protocol.watermark({ ...mark, history })).toBe(false);
    expect(await real.redis.exists(never.head)).toBe(0);
  });
});

describe('another server', () => {
  test('after a restart is not blessed, and has another history', async () => {
    const server = await startRedis();
    const before = domainOn(await connected(server.url), 'shop');
    const { history } = await before.bless();
    await server.restart();
    const { protocol } = domainOn(await connected(server.url), 'shop');
    const status = await protocol.status();
    expect(status).toMatchObject({ primary: true, blessed: false, blessing: 0 });
    expect(status.history).not.toBe(history);
    expect(await protocol.renew('replica', '1-0', 1_500)).toEqual({ kind: 'unblessed' });
  });

  test('after FLUSHALL is not blessed, with the same history', async () => {
    const server = await startRedis();
    const redis = await connected(server.url);
    const shop = domainOn(redis, 'shop');
    const { history } = await shop.bless();
    await redis.flushall();
    expect(await shop.protocol.status()).toMatchObject({ blessed: false, blessing: 0, history });
  });

  test('a replica of the blessed one is no primary, and neither blessed nor to be blessed', async () => {
    const { redis, history } = await replicaOfBlessed();
    const { protocol } = domainOn(redis, 'shop');
    // It replicates the head, history included: only its role tells it apart.
    expect(await protocol.status()).toMatchObject({ primary: false, blessed: false, history, blessing: 1 });
    expect(await protocol.renew('replica', '1-0', 1_500)).toEqual({ kind: 'unblessed' });
    await expect(protocol.append(1, [change])).rejects.toMatchObject({ code: 'FRESHET_UNBLESSED' });
    await expect(protocol.laggards('1-0')).rejects.toMatchObject({ code: 'FRESHET_UNBLESSED' });
    const mark = { history, blessing: 1, timeMs: Date.now(), appliedNo: '1' };
    expect(await protocol.watermark(mark)).toBe(false);
    const blessing = { ...mark, blessing: 2, validFrom: 2, origin: 'x', asOf: 1 };
    const limits = { leaseMs: 1, maxStalenessMs: 1, strongTransactionMs: 1 };
    expect(await protocol.bless({ ...blessing, limits })).toBe(false);
  });

  test('a promoted replica has the head, and is not blessed', async () => {
    const { redis, history } = await replicaOfBlessed();
    await redis.replicaof('NO', 'ONE');
    const status = await domainOn(redis, 'shop').protocol.status();
    expect(status).toMatchObject({ primary: true, blessed: false, blessing: 1 });
    expect(status.history).not.toBe(history);
  });
});

/** A replica in sync with a primary whose domain `shop` was blessed under `history`. */
async function replicaOfBlessed(): Promise<{ redis: Redis; history: string }> {
  const [primary, replica] = await Promise.all([startRedis(SYNCS_AT_ONCE), startRedis()]);
  const shop = domainOn(await connected(primary.url), 'shop');
  const redis = await connected(replica.url);
  await redis.replicaof('127.0.0.1', primary.port);
  // Attaching its first replica may give a primary another history, so it is blessed afterwards.
  await eventually(async () => (await redis.info('replication')).includes('master_link_status:up'), {
    what: 'the replica is in sync',
  });
  const { history } = await shop.bless();
  await eventually(async () => (await redis.hget(shop.head, 'history')) === history, {
    what: 'the head has reached the replica',
  });
  return { redis, history };
}
