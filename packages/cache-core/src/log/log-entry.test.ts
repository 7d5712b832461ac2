import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import fixtures from '../../fixtures/log-entry.v1.json' with { type: 'json' };
import { startProtocolRedis } from '../../test/protocol-redis.ts';
import { decodeLogEntry, encodeLogEntry, type LogEntry } from './log-entry.ts';

const entries = fixtures as { text: string; entry: LogEntry }[];

describe.each(entries)('a log entry: $text', ({ text, entry }) => {
  test('is written and read as it was released', () => {
    expect(encodeLogEntry(entry)).toBe(text);
    expect(decodeLogEntry(text)).toEqual(entry);
  });
});

test('the log holds each entry as it was released, and a replica reads it', async () => {
  const real = await startProtocolRedis();
  const domain = real.newDomain();
  await domain.bless();
  await domain.protocol.append(
    1,
    entries.map(({ entry }) => entry),
  );
  expect(await real.redis.xrange(domain.log, '-', '+')).toEqual(
    entries.map(({ text }, index) => [`1-${index + 1}`, ['e', text]]),
  );
  expect(await domain.protocol.renew('replica', '1-0', 1_500)).toMatchObject({
    kind: 'ok',
    entries: entries.map(({ entry }) => entry),
  });
});

test.each([
  '',
  'garbage',
  'null',
  '[]',
  '"key"',
  '{}',
  '{"kind":"key","key":"user:profile:1","v":7}',
  '{"kind":"key","key":"user:profile:1","v":"-7"}',
  '{"kind":"key","key":"user:profile:1","v":"9223372036854775808"}',
  '{"kind":"key","key":"user:profile:1"}',
  '{"kind":"key","key":"user:profile:a b","v":"7"}',
  '{"kind":"key","key":["user:profile:1"],"v":"7"}',
  '{"kind":"key","key":"user","v":"7"}',
  '{"kind":"upsert","key":"user:profile:1","v":"7"}',
  '{"kind":"__proto__","key":"user:profile:1","v":"7"}',
  '{"__proto__":{"kind":"key","key":"user:profile:1","v":"7"}}',
])('what is not understood is null, so that the reader forgets everything: %j', (text) => {
  expect(decodeLogEntry(text)).toBeNull();
});

test('fields of a later release, and a trace context or a time of another type, are passed over', () => {
  expect(
    decodeLogEntry('{"kind":"key","key":"user:profile:1","v":"7","tp":7,"at":"7","later":true}'),
  ).toEqual({
    kind: 'key',
    key: 'user:profile:1',
    version: '7',
  });
});

test('nothing that the log may hold makes the reader throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      expect(decodeLogEntry(text)).toBeNull();
    }),
  );
});
