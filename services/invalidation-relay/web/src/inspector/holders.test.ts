import { expect, test } from 'vitest';
import type { InspectedKey } from '../api/contract.ts';
import { holdersOf } from './holders.ts';

const l2 = {
  schemaVersion: 1,
  physicalKey: 'user:profile:7',
  state: 'entry',
  version: '5',
  ageMs: 10,
  ttlMs: 900_000,
  expiresInMs: 899_990,
  blessing: 1,
} as const;

const key: InspectedKey = {
  key: 'user:profile:7',
  domain: 'user',
  service: 'user',
  entity: 'profile',
  idParts: ['7'],
  origin: { version: '5' },
  l2: [l2],
  replicas: [
    { replicaId: 'a', instance: 'one', answered: true, l1: { version: '4', ageMs: 1, ttlMs: 2 } },
    { replicaId: 'b', instance: null, answered: true, l1: null },
    { replicaId: 'c', instance: 'three', answered: false, l1: null },
  ],
  pending: 0,
};

function judgements(of: InspectedKey) {
  return holdersOf(of).map(({ judgement }) => judgement);
}

test('each place is compared with the row', () => {
  expect(judgements(key)).toEqual(['current', 'current', 'none', 'old', 'unknown']);
});

test('versions are compared as numbers, beyond those that a double holds', () => {
  const [older, newer] = ['9999999999999999', '10000000000000000'];
  expect(
    judgements({ ...key, origin: { version: newer }, l2: [{ ...l2, version: older }], replicas: [] }),
  ).toEqual(['current', 'old']);
});

test('a cached "not found" is old once there is a row, and right while there is none', () => {
  const absent = { ...key, l2: [{ ...l2, version: '0' }], replicas: [] };
  expect(judgements(absent)[1]).toBe('old');
  expect(judgements({ ...absent, origin: { version: null } })[1]).toBe('current');
  expect(judgements({ ...key, origin: { version: null }, replicas: [] })[1]).toBe('old');
});

test('nothing is judged against a row that cannot be told', () => {
  const unknown = { ...key, origin: { version: null, error: 'several tables' } };
  expect(judgements(unknown)).toEqual(['unknown', 'unknown', 'none', 'unknown', 'unknown']);
});

test('schema versions are told apart only when there are several', () => {
  const names = (of: InspectedKey) => holdersOf(of).map(({ name }) => name);
  expect(names(key)).toEqual(['Postgres', 'Redis (L2)', 'replica b', 'one', 'three']);
  expect(names({ ...key, l2: [l2, { ...l2, schemaVersion: 2 }], replicas: [] })).toEqual([
    'Postgres',
    'Redis (L2), schema 1',
    'Redis (L2), schema 2',
  ]);
});
