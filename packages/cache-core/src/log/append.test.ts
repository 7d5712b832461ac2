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

const change = (id: number): LogEntry => ({ kind: 'key', key: `shop:item:${id}`, version: String(id) });
const changes = (count: number): LogEntry[] => Array.from({ length: count }, (_, index) => change(index));
const ids = async (): Promise<string[]> => (await real.redis.xrange(domain.log, '-', '+')).map(([id]) => id);

describe('APPEND', () => {
  test('numbers entries densely under the blessing, across calls', async () => {
    const { history } = await domain.bless({ blessing: 3 });
    expect(await domain.protocol.append(3, changes(2))).toEqual({ history, blessing: 3, lastId: '3-2' });
    expect(await domain.protocol.append(3, changes(1))).toMatchObject({ lastId: '3-3' });
    expect(await ids()).toEqual(['3-1', '3-2', '3-3']);
  });

  test('of nothing tells the last id', async () => {
    await domain.bless({ blessing: 3 });
    expect(await domain.protocol.append(3, [])).toMatchObject({ lastId: '3-0' });
    expect(await ids()).toEqual([]);
  });

  test('counts in the head, not in the log, so that a deleted log leaves a gap', async () => {
    await domain.bless();
    await domain.protocol.append(1, changes(2));
    await real.redis.del(domain.log);
    expect(await domain.protocol.append(1, changes(1))).toMatchObject({ lastId: '1-3' });
    expect(await ids()).toEqual(['1-3']);
  });

  test('trims the log to its length, and counts on', async () => {
    await domain.bless();
    await domain.protocol.append(1, changes(limits.logLength));
    expect(await domain.protocol.append(1, changes(2))).toMatchObject({
      lastId: `1-${limits.logLength + 2}`,
    });
    expect(await real.redis.xlen(domain.log)).toBe(limits.logLength);
    expect((await ids())[0]).toBe('1-3');
  });

  test('is refused by a server that is not blessed', async () => {
    await expect(domain.protocol.append(0, changes(1))).rejects.toMatchObject({
      code: 'FRESHET_UNBLESSED',
      retryable: true,
    });
    await domain.bless();
    await real.redis.hset(domain.head, 'history', '0'.repeat(40));
    await expect(domain.protocol.append(1, changes(1))).rejects.toMatchObject({ code: 'FRESHET_UNBLESSED' });
    expect(await ids()).toEqual([]);
  });

  test.each([1, 3])('is refused under blessing %i when the head has 2', async (blessing) => {
    await domain.bless({ blessing: 2 });
    await expect(domain.protocol.append(blessing, changes(1))).rejects.toMatchObject({
      code: 'FRESHET_OTHER_BLESSING',
      retryable: true,
    });
    expect(await ids()).toEqual([]);
  });
});
