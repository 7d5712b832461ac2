import { eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { AuditBoard } from '../src/audit/audit-board.ts';
import type { AuditList, DomainAudit, Finding } from '../src/operator-api/schemas/audit.ts';
import type { DomainOverview } from '../src/operator-api/schemas/overview.ts';
import { listenToEvents } from './event-listener.ts';
import { type Api, startApi } from './operator-api.ts';
import { startProfileReplica } from './profile-replica.ts';
import { createRelayFixture } from './relay-fixture.ts';

const PRODUCTION = {
  FRESHET_LEASE_MS: '1500',
  FRESHET_MAX_STALENESS_MS: '2000',
  FRESHET_STRONG_TRANSACTION_MS: '2000',
};

async function auditOf(api: Api): Promise<DomainAudit> {
  const [item] = (await api.read<AuditList>('/v1/audit')).items;
  if (item === undefined) throw new Error('The audit of no domain.');
  return item;
}

test('what is planted by hand is found by a running relay, told live, and gone when it is gone', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, { ...PRODUCTION, INSTANCE_NAME: 'relay-1' });
  await fixture.untilBlessed();
  await fixture.db.query(
    `insert into profiles (id, name) select n::text, 'x' from generate_series(1, 500) n`,
  );
  await fixture.untilDrained();
  const { cache, profiles } = await startProfileReplica(fixture, {
    policy: { load: async (id) => ({ value: { id: String(id), name: 'old' }, version: '7' }) },
  });
  const listener = await listenToEvents(api.url);
  await listener.until('overview', () => true);

  await fixture.cacheEntry('user:profile:77', '7');
  await profiles.get('99');
  await fixture.redis.del('user:profile:99');
  const until = (layer: string, resolved: boolean) =>
    listener.until(
      'finding',
      (data: Finding) => data.layer === layer && (data.resolvedAt !== null) === resolved,
    );
  expect((await until('l2', false)).data).toMatchObject({ key: 'user:profile:77', cachedVersion: '7' });
  expect((await until('l1', false)).data).toMatchObject({
    key: 'user:profile:99',
    replicaId: cache.state().replicaId,
  });
  const overview = async () =>
    ((await api.get('/v1/overview')).body['domains'] as DomainOverview[])[0] as DomainOverview;
  expect((await overview()).findings).toBe(2);

  const invalidated = { keys: ['user:profile:77', 'user:profile:99'], reason: 'planted' };
  expect((await api.post('/v1/invalidations', invalidated)).status).toBe(202);
  await Promise.all([until('l2', true), until('l1', true)]);
  expect((await overview()).findings).toBe(0);
  const { auditor, consistency, findings, ttlScan } = await auditOf(api);
  expect(auditor).toBe('relay-1');
  expect(findings).toHaveLength(2);
  expect(consistency.l2['1m'].stale).toBeGreaterThan(0);
  expect(consistency.l1['1h'].nines).toEqual(expect.any(Number));
  expect(ttlScan).toMatchObject({ scannedAt: expect.any(String), withoutTtl: [], unknownSchema: [] });
});

test('one of two relays audits, and the other goes on from where it was when it stops', async () => {
  const fixture = await createRelayFixture();
  const first = await startApi(fixture, { INSTANCE_NAME: 'relay-1' });
  await fixture.untilBlessed();
  await eventually(async () => (await auditOf(first)).auditor === 'relay-1', { what: 'the first audits' });
  const second = await startApi(fixture, { INSTANCE_NAME: 'relay-2' });
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'x')`);
  await fixture.untilDrained();
  await fixture.cacheEntry('user:profile:ann', '7');
  // Whichever relay is asked.
  const [finding] = await eventually(
    async () => {
      const { findings } = await auditOf(second);
      return findings.length > 0 && findings;
    },
    { what: 'the other relay shows what the first has found' },
  );
  expect((await auditOf(second)).auditor).toBe('relay-1');

  await first.stop();
  await eventually(async () => (await auditOf(second)).auditor === 'relay-2', { what: 'the second audits' });
  await fixture.redis.del('user:profile:ann');
  await eventually(async () => (await auditOf(second)).findings[0]?.resolvedAt !== null, {
    what: 'it sees that what the first had found is gone',
  });
  expect((await auditOf(second)).findings).toMatchObject([{ id: finding?.id }]);
});

test('an auditor that says nothing for ten seconds has lost its place', async () => {
  const { redis } = await createRelayFixture();
  const board = new AuditBoard(redis, 'user');
  expect([await board.take('a'), await board.take('a'), await board.take('b')]).toEqual([true, true, false]);
  expect(await redis.pttl('{coherence:user}:auditor')).toBeLessThanOrEqual(10_000);
  await board.leave('b');
  expect(await board.take('b'), 'only its holder gives it up').toBe(false);
  // As when ten seconds have passed.
  await redis.pexpire('{coherence:user}:auditor', 1);
  await eventually(() => board.take('b'), { what: 'the other takes it' });
  expect(await board.take('a')).toBe(false);
  await board.leave('b');
  expect(await board.take('a')).toBe(true);
});

test('is off where it is told to be', async () => {
  const fixture = await createRelayFixture();
  const api = await startApi(fixture, { FRESHET_AUDIT_KEYS_PER_SECOND: '0' });
  await fixture.untilBlessed();
  expect(await auditOf(api)).toMatchObject({ auditor: null, findings: [], ttlScan: { scannedAt: null } });
  expect(await fixture.redis.exists('{coherence:user}:auditor')).toBe(0);
});
