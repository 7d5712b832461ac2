import { expect, test } from 'vitest';
import { createRelayFixture } from '../../test/relay-fixture.ts';
import { AuditBoard, type AuditBoardContent } from './audit-board.ts';

const BOARD = '{coherence:user}:audit';

const content: AuditBoardContent = {
  auditor: 'relay-1',
  buckets: { l1: [[176_000_000, 3, 1]], l2: [] },
  findings: [
    {
      id: 'user-1-1',
      domain: 'user',
      key: 'user:profile:ann',
      physicalKey: null,
      layer: 'l1',
      replicaId: 'replica',
      instance: null,
      cachedVersion: '7',
      originVersion: null,
      firstSeenAt: new Date(0).toISOString(),
      lastSeenAt: new Date(1_000).toISOString(),
      staleForMs: 1_000,
      event: null,
      resolvedAt: null,
    },
  ],
  ttlScan: { scannedAt: null, keys: 0, withoutTtl: [], wrongTtl: [], unknownSchema: [] },
};

test('what one auditor has written is what the next reads; what none has written is nothing', async () => {
  const { redis } = await createRelayFixture();
  const board = new AuditBoard(redis, 'user');
  expect(await board.read()).toBeNull();
  await board.write(content);
  expect(await board.read()).toEqual({ ...content, taken: false });
  expect(await board.take('relay-1')).toBe(true);
  expect(await board.read()).toMatchObject({ taken: true });

  const { ttlScan, ...rest } = content;
  for (const broken of [
    '{',
    'null',
    '[]',
    JSON.stringify({ v: 2, ...content }),
    JSON.stringify({ v: 1, ...rest }),
    JSON.stringify({ v: 1, ...content, buckets: { l1: [], l2: [[1, 2]] } }),
    JSON.stringify({ v: 1, ...content, findings: [{ ...content.findings[0], firstSeenAt: 'yesterday' }] }),
    JSON.stringify({ v: 1, ...content, ttlScan: { ...ttlScan, withoutTtl: null } }),
  ]) {
    await redis.set(BOARD, broken);
    expect({ broken, read: await board.read() }).toEqual({ broken, read: null });
  }
});
