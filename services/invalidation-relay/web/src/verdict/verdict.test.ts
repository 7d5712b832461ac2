import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { problemOf, unreachable } from '../api/problem.ts';
import type {
  DomainAudit,
  DomainOverview,
  Finding,
  Invalidation,
  Overview,
  Replica,
} from '../api/contract.ts';
import { runbooks } from './statement.ts';
import { type Evidence, verdictOn } from './verdict.ts';

const now = Date.parse('2026-03-01T03:12:30.000Z');
const window = { samples: 1_000, stale: 0, nines: 3 };
const windows = { '1m': window, '5m': window, '1h': window };

const domain: DomainOverview = {
  domain: 'user',
  services: ['user'],
  state: 'blessed',
  standingStill: null,
  blessing: 1,
  watermarkAgeMs: 20,
  outbox: { pending: 0, oldestAgeMs: 0, retryingForLong: 0, deadLetters: 0 },
  replicas: { live: 2, known: 2 },
  hitRatio: 0.9,
  consistency: { l1: windows, l2: windows },
  findings: 0,
};

const none = { samples: 0, stale: 0, nines: null };
const notCompared = { '1m': none, '5m': none, '1h': none };
const comparedBefore = { '1m': none, '5m': window, '1h': window };
const nowhere = { l1: notCompared, l2: notCompared };
const before = { l1: comparedBefore, l2: comparedBefore };

const finding: Finding = {
  id: 'user-1',
  domain: 'user',
  key: 'user:profile:7',
  physicalKey: 'user:v2:profile:7',
  layer: 'l2',
  replicaId: null,
  instance: null,
  cachedVersion: '4',
  originVersion: '5',
  firstSeenAt: '2026-03-01T03:10:00.000Z',
  lastSeenAt: '2026-03-01T03:12:00.000Z',
  staleForMs: 120_000,
  event: 'user-9',
  resolvedAt: null,
};

const replica: Replica = {
  domain: 'user',
  replicaId: 'abc',
  instance: 'user-service-1',
  live: true,
  mode: 'l1',
  leaseUntil: '2026-03-01T03:12:32.000Z',
  leaseRemainingMs: 2_000,
  appliedId: '1-5',
  lag: 0,
  hitRatio: 0.9,
  l1: { entries: 5, bytes: null },
  answered: true,
};

function overview(...domains: Partial<DomainOverview>[]): Overview {
  return {
    at: new Date(now).toISOString(),
    relay: { instance: 'relay-1' },
    domains: (domains.length === 0 ? [{}] : domains).map((part) => ({ ...domain, ...part })),
  };
}

function audit(part: Partial<DomainAudit>): DomainAudit {
  return {
    domain: 'user',
    state: domain.state,
    standingStill: domain.standingStill,
    watermarkAgeMs: domain.watermarkAgeMs,
    outbox: domain.outbox,
    consistency: domain.consistency,
    tables: [],
    blessings: [],
    operatorLog: [],
    sample: [],
    auditor: 'relay-1',
    findings: [],
    ttlScan: { scannedAt: null, keys: 0, withoutTtl: [], wrongTtl: [], unknownSchema: [] },
    ...part,
  };
}

function auditList(...items: DomainAudit[]): Evidence['audit'] {
  return { value: { items }, at: now };
}

function replicaList(...items: Replica[]): Evidence['replicas'] {
  return { value: { items }, at: now };
}

function judge(evidence: Partial<Evidence>) {
  return verdictOn({
    overview: { value: overview(), at: now },
    connection: { state: 'live' },
    replicas: replicaList(replica),
    deadLetters: [],
    audit: auditList(),
    findings: [],
    events: new Map(),
    now,
    ...evidence,
  });
}

test.each(runbooks)('there is a runbook %s', (runbook) => {
  expect(existsSync(new URL(`../../../../../docs/runbooks/${runbook}.md`, import.meta.url))).toBe(true);
});

describe('nobody sees old data', () => {
  test('when samples were compared and nothing was found', () => {
    expect(judge({})).toEqual({ level: 'fresh', headline: 'Nobody sees old data.', statements: [] });
  });

  test('is not claimed before anything was compared', () => {
    const value = overview(
      { consistency: nowhere },
      { domain: 'inventory', services: ['inventory'], consistency: nowhere },
    );
    expect(judge({ overview: { value, at: now } })).toMatchObject({
      level: 'unknown',
      headline: 'Nobody is known to see old data; nothing has been compared yet.',
    });
  });

  test('is not claimed before the audit and the replicas have been asked', () => {
    for (const awaited of [{ audit: {} }, { replicas: {} }]) {
      expect(judge(awaited)).toMatchObject({ level: 'unknown', headline: 'Asking the relay …' });
      const late = { value: overview({ watermarkAgeMs: 9_000 }), at: now };
      expect(judge({ ...awaited, overview: late })).toMatchObject({
        level: 'unknown',
        statements: [{ runbook: 'watermark-standing-still' }],
      });
    }
  });

  test('a finding that is over does not count', () => {
    expect(judge({ findings: [{ ...finding, resolvedAt: finding.lastSeenAt }] }).level).toBe('fresh');
  });
});

describe('somebody sees old data', () => {
  test('says who, since when, why, and what to do', () => {
    const event = { id: 'user-9', state: 'applied' } as Invalidation;
    const { level, headline, statements } = judge({
      findings: [finding],
      events: new Map([[event.id, event]]),
    });
    expect({ level, headline }).toEqual({
      level: 'stale',
      headline: expect.stringMatching(/^user serves 1 old key from Redis, since \d\d:10:00\.$/),
    });
    expect(statements).toEqual([
      {
        level: 'stale',
        who: 'user',
        what: 'serves 1 old key from Redis',
        since: finding.firstSeenAt,
        because: 'invalidation user-9 removed it, and it was written back past the library',
        todo: expect.any(String),
        target: { kind: 'key', key: 'user:profile:7' },
        runbook: 'stale-data',
      },
    ]);
  });

  test.each([
    ['pending', 'still waits in the outbox'],
    ['dead', 'is a dead letter'],
    ['applied', 'this replica did not follow it'],
  ] as const)('names a replica and what became of the invalidation: %s', (state, because) => {
    const inMemory = { ...finding, layer: 'l1', replicaId: 'abc', instance: 'user-service-1' } as const;
    const verdict = judge({
      findings: [inMemory],
      events: new Map([['user-9', { id: 'user-9', state } as Invalidation]]),
    });
    expect(verdict.headline).toMatch(/^user-service-1 serves 1 old key from its memory, since/);
    expect(verdict.statements[0]?.because).toContain(because);
  });

  test('counts places, and gives the earliest time of each', () => {
    const earlier = { ...finding, id: 'user-0', firstSeenAt: '2026-03-01T03:00:00.000Z' };
    const inMemory = { ...finding, id: 'user-2', layer: 'l1', replicaId: 'abc' } as const;
    const verdict = judge({ findings: [finding, earlier, inMemory] });
    expect(verdict.headline).toBe('Old data is served in 2 places.');
    expect(verdict.statements.map(({ what, since }) => [what, since])).toEqual([
      ['serves 2 old keys from Redis', earlier.firstSeenAt],
      ['serves 1 old key from its memory', finding.firstSeenAt],
    ]);
  });

  test('is said before the list of findings has come', () => {
    const verdict = judge({ overview: { value: overview({ findings: 2 }), at: now } });
    expect(verdict).toMatchObject({ level: 'stale', headline: 'user has 2 old values cached.' });
    const told = judge({ overview: { value: overview({ findings: 1 }), at: now }, findings: [finding] });
    expect(told.statements).toHaveLength(1);
  });

  test('a table without its trigger is no good news', () => {
    const table = { table: 'users', service: 'user', entity: 'profile', problem: 'its trigger is disabled' };
    expect(judge({ audit: auditList(audit({ tables: [table] })) })).toMatchObject({
      level: 'stale',
      headline: expect.stringContaining('users'),
    });
  });
});

describe('nothing is known', () => {
  test('before the first answer', () => {
    expect(judge({ overview: {} })).toMatchObject({ level: 'unknown', headline: 'Asking the relay …' });
    expect(judge({ overview: { problem: unreachable(undefined) } })).toMatchObject({
      level: 'unknown',
      headline: 'Not known yet.',
      statements: [{ because: 'The relay cannot be reached.' }],
    });
  });

  test('once the connection is lost and the figures are old, however good they were', () => {
    const lost = { state: 'reconnecting', since: now - 20_000 } as const;
    const old = { value: overview(), at: now - 20_000, problem: problemOf(502, '<html>') };
    expect(judge({ connection: lost, overview: old })).toMatchObject({
      level: 'unknown',
      headline: expect.stringMatching(/^Not known since \d\d:12:10: this relay does not answer/),
    });
  });

  test('of a domain that could not be asked', () => {
    const value = { ...overview(), unavailable: [{ domain: 'inventory', reason: 'no connection' }] };
    expect(judge({ overview: { value, at: now } })).toMatchObject({
      level: 'unknown',
      headline: 'inventory cannot be asked.',
    });
  });
});

describe('nobody has looked', () => {
  const unsampled = (part: Partial<DomainOverview>, evidence: Partial<Evidence> = {}) =>
    judge({
      overview: { value: overview({ domain: 'inventory' }, { ...part, domain: 'user' }), at: now },
      ...evidence,
    });
  const empty = { scannedAt: new Date(now - 5_000).toISOString(), keys: 0 };
  const scan = { ...audit({}).ttlScan, ...empty };

  test('at one domain of two since the start', () => {
    expect(unsampled({ consistency: nowhere })).toMatchObject({
      level: 'unknown',
      headline: 'user has not been compared with Postgres yet.',
      statements: [{ who: 'user', runbook: 'audit-not-sampling' }],
    });
  });

  test('for a minute, though many samples of the hour were right', () => {
    expect(unsampled({ consistency: before }, { audit: auditList(audit({})) })).toMatchObject({
      level: 'unknown',
      headline: 'user has not been compared with Postgres for a minute.',
      statements: [{ because: 'relay-1 audits it, and has no sample', runbook: 'audit-not-sampling' }],
    });
  });

  test('in one layer only, is no reason for alarm: nothing may be there', () => {
    expect(unsampled({ consistency: { l1: notCompared, l2: windows } }).level).toBe('fresh');
    expect(unsampled({ consistency: { l1: windows, l2: notCompared } }).level).toBe('fresh');
  });

  test('as the audit is turned off', () => {
    const off = auditList(audit({ auditor: null, ttlScan: scan }));
    expect(unsampled({ consistency: nowhere }, { audit: off })).toMatchObject({
      level: 'unknown',
      statements: [{ because: expect.stringContaining('FRESHET_AUDIT_KEYS_PER_SECOND=0') }],
    });
  });

  test('as there is nothing to look at: Redis was searched just now and holds no key', () => {
    const verdict = unsampled({ consistency: nowhere }, { audit: auditList(audit({ ttlScan: scan })) });
    expect(verdict).toEqual({ level: 'fresh', headline: 'Nobody sees old data.', statements: [] });
  });

  test.each<[string, Partial<Evidence>]>([
    [
      'long ago',
      { audit: auditList(audit({ ttlScan: { ...scan, scannedAt: '2026-03-01T03:10:30.000Z' } })) },
    ],
    ['never', { audit: auditList(audit({ ttlScan: { ...scan, scannedAt: null } })) }],
    ['and it holds keys', { audit: auditList(audit({ ttlScan: { ...scan, keys: 1 } })) }],
    [
      'and a memory did not answer',
      { audit: auditList(audit({ ttlScan: scan })), replicas: replicaList({ ...replica, answered: false }) },
    ],
  ])('and Redis was searched %s', (_when, evidence) => {
    expect(unsampled({ consistency: before }, evidence).level).toBe('unknown');
  });

  test('is no alarm while the caches stand aside', () => {
    const aside = { consistency: nowhere, state: 'stand-aside', standingStill: 'Redis is not blessed' };
    const problem = problemOf(503, '<html>');
    const verdict = judge({
      overview: { value: overview(aside), at: now },
      audit: { problem },
      replicas: { ...replicaList(replica), problem },
    });
    expect(verdict).toMatchObject({ level: 'attention', statements: [{ runbook: 'domain-unblessed' }] });
  });
});

describe('this page could not ask', () => {
  const problem = unreachable(undefined);

  test.each<[string, Partial<Evidence>, string]>([
    ['the audit', { audit: { problem } }, 'What the audit says of user is not known.'],
    [
      'the audit again',
      { audit: { ...auditList(audit({})), problem } },
      'What the audit says of user is not known.',
    ],
    ['the replicas', { replicas: { problem } }, 'Which replicas of user hold a lease is not known.'],
    [
      'the replicas again',
      { replicas: { ...replicaList(replica), problem } },
      'Which replicas of user hold a lease is not known.',
    ],
  ])('%s', (_what, evidence, headline) => {
    expect(judge(evidence)).toMatchObject({
      level: 'unknown',
      headline,
      statements: [{ because: 'The relay cannot be reached.' }],
    });
  });

  test.each(['audit', 'replicas'] as const)('the %s of one domain of two', (list) => {
    const value = { items: [], unavailable: [{ domain: 'inventory', reason: 'no connection' }] };
    const verdict = judge({
      overview: { value: overview({}, { domain: 'inventory' }), at: now },
      [list]: { value, at: now },
    });
    expect(verdict.statements).toMatchObject([
      { level: 'unknown', who: expect.stringContaining('inventory'), because: 'no connection' },
    ]);
  });

  test('for several reasons', () => {
    expect(judge({ audit: { problem }, replicas: { problem } })).toMatchObject({
      level: 'unknown',
      headline: 'Whether somebody sees old data is not known, for 2 reasons.',
    });
  });

  test('still tells the old data that it has been told of', () => {
    const known = { ...auditList(audit({ findings: [finding] })), problem };
    expect(judge({ audit: known, findings: [finding] }).level).toBe('stale');
  });
});

describe('nobody sees old data, but not all is well', () => {
  test.each<[string, Partial<DomainOverview>, string]>([
    ['an unblessed domain', { state: 'blessing', standingStill: 'waits for leases' }, 'waits for leases'],
    ['an old watermark', { watermarkAgeMs: 9_000 }, 'no relay moves the watermark'],
    ['no watermark', { watermarkAgeMs: null }, 'no relay moves the watermark'],
    [
      'a full outbox',
      { outbox: { pending: 3, oldestAgeMs: 61_000, retryingForLong: 2, deadLetters: 0 } },
      '2 of them cannot be applied',
    ],
    [
      'dead letters',
      { outbox: { pending: 0, oldestAgeMs: 0, retryingForLong: 0, deadLetters: 1 } },
      'it names no key that a cache could hold',
    ],
  ])('%s', (_what, part, because) => {
    const verdict = judge({ overview: { value: overview(part), at: now } });
    expect(verdict).toMatchObject({
      level: 'attention',
      headline: 'Nobody sees old data, but not all is well.',
    });
    expect(verdict.statements.map((statement) => statement.because)).toEqual([because]);
  });

  test('a replica that runs without a lease, but not one that has ended', () => {
    const without = { ...replica, live: false, leaseRemainingMs: 0 };
    expect(judge({ replicas: replicaList(without) }).statements).toMatchObject([{ who: 'user-service-1' }]);
    expect(judge({ replicas: replicaList({ ...without, answered: false }) }).level).toBe('fresh');
  });

  test('since when, where that can be told', () => {
    const late = judge({ overview: { value: overview({ watermarkAgeMs: 9_000 }), at: now } });
    expect(late.statements[0]?.since).toBe('2026-03-01T03:12:21.000Z');
    const letters = ['2026-03-01T02:00:00.000Z', '2026-03-01T01:00:00.000Z'].map(
      (deadAt) => ({ domain: 'user', deadAt }) as Invalidation,
    );
    const outbox = { ...domain.outbox, deadLetters: 2 };
    const dead = judge({ overview: { value: overview({ outbox }), at: now }, deadLetters: letters });
    expect(dead.statements[0]?.since).toBe('2026-03-01T01:00:00.000Z');
  });

  test('of a domain whose caches stand aside, no single replica is named', () => {
    const verdict = judge({
      overview: { value: overview({ state: 'unknown', watermarkAgeMs: null }), at: now },
      replicas: replicaList({ ...replica, live: false }),
    });
    expect(verdict.statements.map(({ who }) => who)).toEqual(['user']);
  });

  test('keys with an expiry that no policy gave', () => {
    const ttlScan = {
      scannedAt: null,
      keys: 9,
      withoutTtl: ['user:profile:1'],
      wrongTtl: [],
      unknownSchema: [],
    };
    expect(judge({ audit: auditList(audit({ ttlScan })) }).statements).toMatchObject([
      { level: 'attention', target: { section: 'findings' } },
    ]);
  });
});
