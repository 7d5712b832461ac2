import { disposeAtEnd, eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { createRelayFixture, DOMAIN } from '../../test/relay-fixture.ts';
import { openInspection } from '../inspection/domain-inspection.ts';
import type { Finding } from '../operator-api/schemas/audit.ts';
import { AuditBoard } from './audit-board.ts';
import { Auditor } from './auditor.ts';

const FOUND_BY_ANOTHER: Finding = {
  id: 'found-by-another',
  domain: DOMAIN,
  key: 'user:profile:ann',
  physicalKey: null,
  layer: 'l1',
  replicaId: 'replica',
  instance: null,
  cachedVersion: '7',
  originVersion: '9',
  firstSeenAt: new Date(0).toISOString(),
  lastSeenAt: new Date(0).toISOString(),
  staleForMs: 0,
  event: null,
  resolvedAt: null,
};

test('an auditor that was cut off for longer than its place lasts goes on from what another has found', async () => {
  const fixture = await createRelayFixture();
  const { redis, auditStore: store } = fixture.startRelay();
  await fixture.untilBlessed();
  const inspection = openInspection({
    redisUrl: fixture.cache.url,
    domain: DOMAIN,
    connectionName: 'cut-off',
    pool: fixture.db,
  });
  disposeAtEnd('inspection', () => inspection.close());
  const clock = manualClock();
  const silent = () => {};
  const auditor = new Auditor({
    domain: DOMAIN,
    self: 'cut-off',
    instance: 'cut-off',
    inspection,
    redis,
    store,
    clock,
    keysPerSecond: 10,
    logger: { info: silent, warn: silent, error: silent },
  });
  const board = new AuditBoard(fixture.redis, DOMAIN);
  const untilItTells = () =>
    eventually(
      async () => {
        // Only while it rests: in the middle of a round it would lose its place.
        if (clock.waiting() === 1) clock.advance(1_000);
        const content = await board.read();
        return content?.auditor === 'cut-off' && content;
      },
      { what: 'it audits' },
    );
  auditor.start();
  disposeAtEnd('auditor', () => auditor.stop());
  const before = await untilItTells();
  await eventually(() => clock.waiting() === 1, { what: 'its round has ended' });

  inspection.redis.disconnect();
  clock.advance(10_001);
  await board.leave('cut-off');
  await board.write({ ...before, auditor: 'another', findings: [FOUND_BY_ANOTHER] });
  await inspection.redis.connect();
  const { findings } = await untilItTells();
  expect(findings.map(({ id }) => id)).toEqual(['found-by-another']);
});
