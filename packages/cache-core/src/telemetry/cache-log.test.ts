import { beforeEach, describe, expect, test } from 'vitest';
import { Telemetry } from '../../test/active-span.ts';
import { systemClock } from '../clock.ts';
import { CacheLog, type Logger } from './cache-log.ts';

interface Line {
  level: string;
  fields: object;
  message: string;
}

const TOLD = { version: '7', since: 1_000 };
let lines: Line[];

beforeEach(() => {
  lines = [];
});

function withoutLevels(): Logger {
  const log = (level: string) => (fields: object, message: string) => lines.push({ level, fields, message });
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

function logger(level: string): Logger {
  return { ...withoutLevels(), isLevelEnabled: (asked) => asked === level };
}

const never = (): number => {
  throw new Error('No random number was to be drawn.');
};

describe('reads are logged', () => {
  test('with the entity, the id and what the cache did', () => {
    const log = new CacheLog(logger('debug'), 1, () => 0.99);
    log.read('item', '1', { hit: 'l2', detail: 'l2', ttlMs: 5 }, TOLD);
    log.read('item', ['a', 'b'], { fwd: 'bypass', detail: 'fence' }, TOLD);
    expect(lines).toEqual([
      {
        level: 'debug',
        fields: { entity: 'item', id: '1', hit: 'l2', detail: 'l2', ttlMs: 5 },
        message: 'cache hit',
      },
      {
        level: 'debug',
        fields: { entity: 'item', id: ['a', 'b'], fwd: 'bypass', detail: 'fence' },
        message: 'cache miss',
      },
    ]);
  });

  test('at debug level only: at any other, a hit draws no random number and makes no object', () => {
    for (const given of [logger('info'), withoutLevels(), undefined]) {
      new CacheLog(given, 1, never).read('item', '1', { hit: 'l1' }, TOLD);
    }
    expect(lines).toEqual([]);
  });

  test('by the share that was asked for', () => {
    const draws = [0, 0.09, 0.1, 0.5, 0.999];
    const log = new CacheLog(logger('debug'), 0.1, () => draws.shift() ?? 1);
    for (let read = 0; read < 5; read++) log.read('item', String(read), { hit: 'l1' }, TOLD);
    expect(lines.map(({ fields }) => fields)).toEqual([
      { entity: 'item', id: '0', hit: 'l1' },
      { entity: 'item', id: '1', hit: 'l1' },
    ]);
  });

  test('never with a share of 0', () => {
    new CacheLog(logger('debug'), 0, never).read('item', '1', { hit: 'l1' }, TOLD);
    expect(lines).toEqual([]);
  });
});

describe('the active span', () => {
  const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

  test('says which layer answered, and why the origin did', () => {
    const telemetry = Telemetry.install();
    const log = new CacheLog(undefined, 1, never, { ...systemClock, wallMs: () => 1_250 });
    const hit = telemetry.activate(SPAN);
    log.read('item', '1', { hit: 'l1', detail: 'l1' }, TOLD);
    expect(hit).toEqual({
      'freshet.cache.entity': 'item',
      'freshet.cache.layer': 'l1',
      'freshet.cache.detail': 'l1',
      'freshet.cache.version': '7',
      'freshet.cache.age_ms': 250,
    });
    const miss = telemetry.activate(SPAN);
    log.read('item', '1', { fwd: 'miss' }, { version: '7' }, 'expired');
    expect(miss).toEqual({
      'freshet.cache.entity': 'item',
      'freshet.cache.layer': 'origin',
      'freshet.cache.fwd': 'miss',
      'freshet.cache.version': '7',
      'freshet.cache.memory': 'expired',
    });
  });

  test('is left alone when it does not record', () => {
    const attributes = Telemetry.install().activate(SPAN, false);
    new CacheLog(undefined, 1, never).read('item', '1', { hit: 'l1', detail: 'l1' }, TOLD);
    expect(attributes).toEqual({});
  });
});

test('what failed is a warning with its error', () => {
  const error = new Error('Redis is gone');
  new CacheLog(logger('info'), 1, never).failed('cached value not understood', error, { entity: 'item' });
  expect(lines).toEqual([
    { level: 'warn', fields: { err: error, entity: 'item' }, message: 'cached value not understood' },
  ]);
});

test('what is left to the relay is told without a stack, once a minute for each entity until the lease is held again', () => {
  let now = 5;
  const log = new CacheLog(logger('info'), 1, never, { ...systemClock, monotonicMs: () => now });
  const error = new Error('Redis is gone');
  const fields = { reason: 'Redis is gone', entity: 'item' };
  for (let write = 0; write < 3; write++) log.leftToRelay('invalidation', error, 'item');
  log.leftToRelay('publication', error, 'item');
  log.leftToRelay('invalidation', error, 'stock');
  expect(lines).toEqual([
    { level: 'warn', fields, message: 'invalidation left to the relay, and those of the next minute' },
    { level: 'warn', fields, message: 'publication left to the relay, and those of the next minute' },
    {
      level: 'warn',
      fields: { ...fields, entity: 'stock' },
      message: 'invalidation left to the relay, and those of the next minute',
    },
  ]);
  now += 59_999;
  log.leftToRelay('invalidation', error, 'item');
  expect(lines).toHaveLength(3);
  now += 1;
  for (let write = 0; write < 3; write++) log.leftToRelay('invalidation', error, 'item');
  expect(lines).toHaveLength(4);
  log.lease({ held: true }, undefined);
  log.leftToRelay('invalidation', error, 'item');
  expect(lines).toHaveLength(6);
});

describe('the freshness lease', () => {
  test('is told when it is got and lost, and why, but not of each reason in turn', () => {
    const log = new CacheLog(logger('info'), 1, never);
    log.lease({ held: false, reason: 'reset' }, undefined);
    log.lease({ held: true }, undefined);
    log.lease({ held: false, reason: 'connection-lost' }, 'connect ECONNREFUSED');
    log.lease({ held: false, reason: 'renewal-failed' }, 'connect ECONNREFUSED');
    log.lease({ held: false, reason: 'connection-lost' }, 'connect ECONNREFUSED');
    log.lease({ held: true }, undefined);
    log.lease({ held: false, reason: 'closed' }, undefined);
    expect(lines).toEqual([
      { level: 'info', fields: {}, message: 'freshness lease held' },
      {
        level: 'warn',
        fields: { reason: 'connection-lost', connection: 'connect ECONNREFUSED' },
        message: 'freshness lease lost',
      },
      { level: 'info', fields: {}, message: 'freshness lease held' },
    ]);
  });

  test('that is not to be had at start is told once', () => {
    const log = new CacheLog(logger('info'), 1, never);
    for (const reason of ['renewal-failed', 'connection-lost', 'unblessed', 'reset'] as const)
      log.lease({ held: false, reason }, undefined);
    expect(lines).toEqual([
      { level: 'warn', fields: { reason: 'renewal-failed' }, message: 'no freshness lease yet' },
    ]);
  });
});
