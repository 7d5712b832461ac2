import { expect, test } from 'vitest';
import type { Copy } from './copy.ts';
import { Findings } from './findings.ts';
import type { Look } from './look.ts';

const NOTHING_SEEN: Look = {
  copies: new Map(),
  inL2: new Map(),
  redisMs: 0,
  rows: new Map(),
  answered: new Set(),
};

function copyOf(id: string, version = '7'): Copy {
  const key = `user:profile:${id}`;
  return {
    id: key,
    layer: 'l2',
    replicaId: null,
    instance: null,
    named: { key, service: 'user', entity: 'profile', idParts: [id] },
    place: key,
    version,
    found: true,
    ageMs: 0,
  };
}

function find(findings: Findings, copy: Copy, now = 0) {
  return findings.add(copy, '9', null, { now, wallMs: now, seenMs: 0 });
}

/** Two hundred open ones. */
function full(): Findings {
  const findings = new Findings('user');
  for (let n = 0; n < 200; n++) find(findings, copyOf(String(n)));
  return findings;
}

test('when as many are open as are kept there is room for no other, but for another at the same place', () => {
  const findings = full();
  expect(findings.hasRoom('user:profile:200')).toBe(false);
  expect(findings.hasRoom('user:profile:0')).toBe(true);
  const { replaced } = find(findings, copyOf('0', '8'));
  expect(replaced).toMatchObject({ cachedVersion: '7', resolvedAt: expect.any(String) });
  expect(findings.open('l2')).toBe(200);
  expect(findings.list.filter(({ resolvedAt }) => resolvedAt !== null)).toEqual([]);
});

test('what is gone makes room, and is forgotten before what is open', () => {
  const findings = full();
  const due = findings.due(5_000).slice(0, 2);
  const gone = findings.update(due, NOTHING_SEEN, { now: 5_000, wallMs: 5_000 });
  expect(gone.map(({ key }) => key)).toEqual(['user:profile:0', 'user:profile:1']);
  find(findings, copyOf('200'), 5_000);
  const { list } = findings;
  expect(list).toHaveLength(200);
  expect(list[0]?.key, 'the newest').toBe('user:profile:200');
  expect(list.filter(({ resolvedAt }) => resolvedAt !== null).map(({ key }) => key)).toEqual([
    'user:profile:1',
  ]);
});

test('every open one comes to its turn, however many there are', () => {
  const findings = full();
  const looked = new Set<string>();
  const everyCopy = { ...NOTHING_SEEN, copies: new Map<string, Copy>(), rows: new Map() };
  for (let n = 0; n < 200; n++) {
    everyCopy.copies.set(`user:profile:${n}`, copyOf(String(n)));
    everyCopy.rows.set(`user:profile:${n}`, { version: '9' });
  }
  for (let now = 10_000; now < 50_000; now += 10_000) {
    const due = findings.due(now);
    for (const { copyId } of due) looked.add(copyId);
    expect(findings.update(due, everyCopy, { now, wallMs: now })).toEqual([]);
  }
  expect(looked.size).toBe(200);
});

test('the next auditor goes on with what is open, one for each place', () => {
  const { finding } = find(new Findings('user'), copyOf('ann'));
  const findings = new Findings('user');
  findings.restore([
    { ...finding, id: 'second', cachedVersion: '8', firstSeenAt: '2026-01-01T00:00:01.000Z' },
    { ...finding, id: 'first' },
  ]);
  expect(findings.list).toMatchObject([
    { id: 'second', resolvedAt: null },
    { id: 'first', resolvedAt: '2026-01-01T00:00:01.000Z' },
  ]);
  expect(findings.due(0)).toHaveLength(1);
});
