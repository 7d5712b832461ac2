import { expect, test } from 'vitest';
import { LeaseRecord } from './lease-record.ts';

test('time without a lease counts from the beginning, and goes on while there is none', () => {
  const record = new LeaseRecord(1_000);
  expect(record.withoutMs(1_400)).toBe(400);
  record.changed({ held: true }, 1_500);
  expect(record.withoutMs(9_000)).toBe(500);
  record.changed({ held: false, reason: 'connection-lost' }, 9_000);
  expect(record.withoutMs(9_250)).toBe(750);
  record.changed({ held: true }, 9_300);
  expect(record.withoutMs(20_000)).toBe(800);
});

test('a lease is lost once, for its first reason; one that was never had is not lost', () => {
  const record = new LeaseRecord(0);
  record.changed({ held: false, reason: 'unblessed' }, 1);
  expect(Object.values(record.lost).every((count) => count === 0)).toBe(true);
  record.changed({ held: true }, 2);
  record.changed({ held: false, reason: 'watermark-old' }, 3);
  record.changed({ held: false, reason: 'renewal-failed' }, 4);
  expect(record.lost).toMatchObject({ unblessed: 0, 'watermark-old': 1, 'renewal-failed': 0 });
  expect(record.withoutMs(5)).toBe(4);
});
