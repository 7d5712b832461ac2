import type { LogEntry } from '@freshet/cache-core/protocol';
import { expect, test } from 'vitest';
import { MemoryRedis } from './memory-redis.ts';

const NOW = 1_700_000_000_000;
const KEY = 'shop:item:1';
const change: LogEntry = { kind: 'key', key: KEY, version: '1' };

function start(): MemoryRedis {
  // The same at each start, as no real one: so that a restarted server shows its log, instead of being blessed anew.
  const redis = new MemoryRedis({ nowMs: () => NOW, newHistory: () => '0'.repeat(40) });
  redis.bless({
    blessing: 1,
    history: redis.status().history,
    validFrom: 1,
    origin: '7000000000000000000:1',
    asOf: NOW,
    appliedNo: '0',
    limits: { leaseMs: 1_500, maxStalenessMs: 2_000, strongTransactionMs: 2_000 },
  });
  return redis;
}

function changeEverything(redis: MemoryRedis): void {
  redis.append(1, [{ ...change, version: '2' }]);
  redis.watermark({ history: redis.status().history, blessing: 1, timeMs: NOW + 1, appliedNo: '5' });
  redis.renew('two', '1-1', 1_500);
  redis.release('one');
  redis.fence(KEY, 'two', 5_000);
  redis.set('shop:item:2', 'new');
}

test('a snapshot does not follow the server that it was taken from, nor one that began with it', () => {
  const redis = start();
  redis.append(1, [change]);
  redis.renew('one', '1-0', 1_500);
  redis.fence(KEY, 'one', 5_000);
  const text = redis.get(KEY);
  const snapshot = redis.snapshot();
  // Once more, because the server that began with it has gone on, too.
  for (let restarts = 0; restarts < 2; restarts++) {
    changeEverything(redis);
    redis.restart(snapshot);
    expect(redis.status()).toMatchObject({ blessing: 1, asOf: NOW, appliedNo: '0' });
    expect(redis.replicas()).toMatchObject([
      { replicaId: 'one', leaseUntilMs: NOW + 1_500, appliedId: '1-0' },
    ]);
    expect(redis.scan('shop:')).toEqual([KEY]);
    expect(redis.get(KEY)).toBe(text);
    expect(redis.renew('one', '1-0', 1_500)).toMatchObject({ lastId: '1-1', entries: [change] });
  }
});
