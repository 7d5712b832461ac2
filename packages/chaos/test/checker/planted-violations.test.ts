import { expect, test } from 'vitest';
import type { HistoryRecord, InvariantId, OperationRecord } from '../../src/contract.ts';
import { broken, judge, operation } from './operation.ts';

// A history in which all is well, and for each promise histories in which just that one is broken.

/** A row that is created, changed, deleted and created again; read in between. */
const life: OperationRecord[] = [
  operation(1, { op: 'create', start: 0, end: 10, version: '10', value: 'a' }),
  operation(2, { op: 'read', start: 20, end: 30, version: '10', value: 'a' }),
  operation(3, { op: 'patch', start: 40, end: 50, version: '20', value: 'b' }),
  operation(4, { op: 'read', start: 60, end: 70, version: '20', value: 'b' }),
  operation(5, { op: 'delete', start: 5_000, end: 5_010, version: '30' }),
  operation(6, { op: 'read', start: 5_020, end: 5_030, version: null }),
  operation(7, { op: 'create', start: 10_000, end: 10_010, version: '40', value: 'c' }),
  operation(8, { op: 'read', start: 10_020, end: 10_030, version: '40', value: 'c' }),
];
const held = (
  place: 'postgres' | 'l2' | 'l1',
  version: string | null,
  value: string | null,
): HistoryRecord => ({
  t: 'probe',
  what: 'held',
  at: 20_000,
  kind: 'product',
  key: 'lamp',
  place,
  version,
  value,
});
const ready = (at: number, isReady: boolean): HistoryRecord => ({
  t: 'probe',
  what: 'ready',
  at,
  process: 'replica-1',
  ready: isReady,
});
const fault = (phase: 'injected' | 'proven' | 'healed', at: number): HistoryRecord => ({
  t: 'fault',
  name: 'cut off',
  phase,
  at,
  ...(phase === 'proven' ? { unproven: ['replica-1'] } : {}),
});
const run: HistoryRecord = {
  t: 'run',
  seed: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  at: 0,
  replicas: [{ name: 'replica-1', service: 'user-service' }],
};
const stock = (records: readonly OperationRecord[]): OperationRecord[] =>
  records.map((record) => ({ ...record, kind: 'stock' }));
/** A shelf of ten, of which units are taken. */
const shelf = [
  operation(1, { op: 'create', start: 0, end: 10, version: '10', value: 10 }),
  operation(2, { op: 'reserve', start: 20, end: 30, version: '20', value: 7, amount: 3 }),
  operation(3, { op: 'reserve', start: 40, end: 50, version: '30', value: 5, amount: 2 }),
];
const read = (given: Partial<OperationRecord> & { start: number }): OperationRecord =>
  operation(99, { op: 'read', end: given.start + 10, ...given });
const many = (layer: 'l1' | 'l2', start: number): OperationRecord[] =>
  Array.from({ length: 300 }, (_, index) =>
    operation(1_000 + start + index, {
      op: 'read',
      start,
      end: start + 1,
      version: null,
      layer,
      key: 'other',
    }),
  );

const unanswered = (one: OperationRecord): OperationRecord => ({
  ...one,
  outcome: 'failed',
  status: 0,
  layer: null,
});

test.each<[string, readonly HistoryRecord[]]>([
  [
    'a few operations in peace that got no answer',
    [run, ...many('l1', 0), ...many('l1', 400).slice(0, 3).map(unanswered)],
  ],
  ['a life', [...life, held('postgres', '40', 'c'), held('l2', '40', 'c'), held('l1', '40', 'c')]],
  ['the same of a strong row', stock(life)],
  ['reservations', stock(shelf)],
  ['an answer that was overwritten, but not for long', [...life, read({ start: 1_950, version: '10' })]],
  ['no row, which has come back, but not for long', [...life, read({ start: 11_500, version: null })]],
  [
    'a readable version that only a write of unknown outcome can have made',
    [
      ...life,
      operation(9, { op: 'patch', start: 10_040, end: 10_050, outcome: 'unknown', value: 'd' }),
      read({ start: 10_060, version: '50', value: 'd' }),
    ],
  ],
  [
    'no row, where nobody knows what came of a deletion',
    [
      ...life,
      operation(9, { op: 'delete', start: 10_040, end: 10_050, outcome: 'unknown' }),
      read({ start: 90_000, version: null }),
    ],
  ],
  [
    'a deletion whose version was drawn after that of the creation that waited for it',
    [
      operation(1, { op: 'create', start: 0, end: 10, version: '10', value: 'a' }),
      operation(2, { op: 'delete', start: 100, end: 130, version: '22' }),
      operation(3, { op: 'create', start: 105, end: 140, version: '21', value: 'b' }),
      read({ start: 5_000, version: '21', value: 'b', minVersion: '22' }),
    ],
  ],
  [
    'a reservation after one of unknown outcome, which took its units',
    stock([
      ...shelf,
      operation(4, { op: 'reserve', start: 60, end: 70, outcome: 'unknown', amount: 4 }),
      operation(5, { op: 'reserve', start: 80, end: 90, version: '50', value: 0, amount: 1 }),
    ]),
  ],
  [
    'a cut off replica that answers from memory for a moment',
    [
      run,
      fault('injected', 0),
      fault('proven', 100),
      ready(200, true),
      read({ start: 1_000, version: null }),
      fault('healed', 9_000),
    ],
  ],
])('nothing is found in %s', async (_, records) => {
  expect(broken(await judge(records))).toEqual({});
});

test.each<[InvariantId, string, readonly HistoryRecord[]]>([
  [
    'bounded-staleness',
    'a row that was overwritten long ago',
    [...life, read({ start: 2_100, version: '10' })],
  ],
  ['bounded-staleness', 'a row that was deleted long ago', [...life, read({ start: 7_100, version: '20' })]],
  [
    'bounded-staleness',
    'no row, which came back long ago',
    [...life, read({ start: 12_100, version: null })],
  ],
  [
    'bounded-staleness',
    'a row that somebody saw overwritten while the write had not been answered yet',
    [
      ...life,
      operation(9, { op: 'patch', start: 10_040, end: 19_000, version: '50', value: 'd' }),
      operation(10, { op: 'read', start: 10_060, end: 10_070, version: '50', value: 'd' }),
      read({ start: 12_100, version: '40' }),
    ],
  ],
  [
    'bounded-staleness',
    'a row that somebody saw overwritten, by a write of unknown outcome',
    [
      ...life,
      operation(9, { op: 'patch', start: 10_040, end: 10_050, outcome: 'unknown', value: 'd' }),
      operation(10, { op: 'read', start: 10_060, end: 10_070, version: '50', value: 'd' }),
      read({ start: 12_100, version: '40' }),
    ],
  ],
  [
    'bounded-staleness',
    'a row that somebody saw deleted, by a deletion of unknown outcome',
    [
      ...life,
      operation(9, { op: 'delete', start: 13_000, end: 13_010, outcome: 'unknown' }),
      operation(10, { op: 'read', start: 13_060, end: 13_070, version: null }),
      read({ start: 15_100, version: '40' }),
    ],
  ],
  [
    'linearizable-stock',
    'a row that had been overwritten',
    stock([...life, read({ start: 51, version: '10' })]),
  ],
  [
    'linearizable-stock',
    'a row older than what somebody had read',
    stock([
      ...life,
      operation(9, { op: 'patch', start: 10_040, end: 10_900, version: '50', value: 'd' }),
      operation(10, { op: 'read', start: 10_060, end: 10_070, version: '50' }),
      read({ start: 10_080, version: '40' }),
    ]),
  ],
  [
    'linearizable-stock',
    'a row that had been deleted',
    stock([...life, read({ start: 5_011, version: '20' })]),
  ],
  [
    'linearizable-stock',
    'no row, which had come back',
    stock([...life, read({ start: 10_011, version: null })]),
  ],
  [
    'linearizable-stock',
    'a row after somebody had found it gone',
    stock([
      ...life,
      operation(9, { op: 'delete', start: 10_040, end: 10_050, outcome: 'unknown' }),
      operation(10, { op: 'read', start: 10_060, end: 10_070, version: null }),
      read({ start: 10_080, version: '40' }),
    ]),
  ],
  [
    'linearizable-stock',
    'a write that was put behind one which had ended',
    stock([
      operation(1, { op: 'create', start: 0, end: 10, version: '10', value: 1 }),
      operation(2, { op: 'replace', start: 20, end: 30, version: '30', value: 2 }),
      operation(3, { op: 'replace', start: 40, end: 50, version: '20', value: 3 }),
    ]),
  ],
  [
    'session-order',
    'a row older than what the session had seen',
    [...life, read({ start: 51, version: '10', minVersion: '20' })],
  ],
  [
    'session-order',
    'a row that the session had deleted',
    [...life, read({ start: 5_020, version: '20', minVersion: '30' })],
  ],
  [
    'session-order',
    'no row, which the session had seen come back',
    [...life, read({ start: 10_020, version: null, minVersion: '40' })],
  ],
  [
    'no-oversell',
    'a reservation that saw a quantity from before another one',
    stock([
      ...shelf,
      operation(4, { op: 'reserve', start: 60, end: 70, version: '40', value: 6, amount: 1 }),
    ]),
  ],
  [
    'no-oversell',
    'more taken than there was',
    stock([
      ...shelf,
      operation(4, { op: 'reserve', start: 60, end: 70, version: '40', value: -1, amount: 6 }),
    ]),
  ],
  [
    'no-oversell',
    'units that went although nobody may have taken them',
    stock([
      ...shelf,
      operation(4, { op: 'reserve', start: 60, end: 70, outcome: 'unknown', amount: 1 }),
      operation(5, { op: 'reserve', start: 80, end: 90, version: '50', value: 2, amount: 1 }),
    ]),
  ],
  [
    'no-oversell',
    'units of one reservation of unknown outcome that went twice',
    stock([
      ...shelf,
      operation(4, { op: 'reserve', start: 60, end: 70, outcome: 'unknown', amount: 2 }),
      operation(5, { op: 'reserve', start: 80, end: 90, version: '50', value: 2, amount: 1 }),
      operation(6, { op: 'reserve', start: 100, end: 110, version: '60', value: 0, amount: 1 }),
    ]),
  ],
  [
    'no-oversell',
    'a quantity of unknown outcome that was there twice',
    stock([
      ...shelf,
      operation(4, { op: 'replace', start: 60, end: 70, outcome: 'unknown', value: 100 }),
      operation(5, { op: 'reserve', start: 80, end: 90, version: '50', value: 99, amount: 1 }),
      operation(6, { op: 'reserve', start: 100, end: 110, version: '60', value: 99, amount: 1 }),
    ]),
  ],
  [
    'no-oversell',
    'a refusal although there were enough',
    stock([
      ...shelf,
      operation(4, {
        op: 'reserve',
        start: 60,
        end: 70,
        outcome: 'failed',
        status: 409,
        value: 5,
        amount: 5,
      }),
    ]),
  ],
  ['no-lost-write', 'a write that Postgres has no more', [...life, held('postgres', '20', 'b')]],
  [
    'no-lost-write',
    'a creation that Postgres has no more',
    [
      ...life,
      operation(9, { op: 'read', start: 14_000, end: 14_001, version: '40', value: 'c' }),
      held('postgres', null, null),
    ],
  ],
  ['no-lost-write', 'a deletion that is undone', [...life.slice(0, 5), held('postgres', '20', 'b')]],
  [
    'no-phantom',
    'a version that nobody wrote',
    [...life, read({ start: 10_100, version: '50', value: 'x' })],
  ],
  [
    'no-phantom',
    'a version with the value of another',
    [...life, read({ start: 10_100, version: '40', value: 'b' })],
  ],
  [
    'no-phantom',
    'a version before it was written',
    [...life, read({ start: 9_000, version: '40', value: 'c' })],
  ],
  [
    'no-phantom',
    'a write that had been refused',
    [
      ...life,
      operation(9, { op: 'patch', start: 10_040, end: 10_050, outcome: 'failed', status: 412, value: 'd' }),
      read({ start: 10_100, version: '50', value: 'd' }),
    ],
  ],
  [
    'no-phantom',
    'a write that was made twice',
    [
      ...life,
      operation(9, { op: 'patch', start: 10_040, end: 10_050, outcome: 'unknown', value: 'd' }),
      operation(10, { op: 'read', start: 10_060, end: 10_070, version: '50', value: 'd' }),
      read({ start: 10_100, version: '60', value: 'd' }),
    ],
  ],
  [
    'no-phantom',
    'a change of a row that was never created',
    [operation(1, { op: 'patch', start: 0, end: 10, version: '10', value: 'a' })],
  ],
  [
    'no-phantom',
    'a creation where the deletion before it had been refused',
    [
      ...life.slice(0, 4),
      operation(5, { op: 'delete', start: 5_000, end: 5_010, outcome: 'failed', status: 503 }),
      ...life.slice(6),
    ],
  ],
  [
    'quiet-caches-equal-postgres',
    'an older row in L2',
    [...life, held('postgres', '40', 'c'), held('l2', '20', 'b')],
  ],
  [
    'quiet-caches-equal-postgres',
    'an older row in L2, whose value nobody was told',
    [...life, held('postgres', '40', 'c'), held('l2', '20', null)],
  ],
  [
    'quiet-caches-equal-postgres',
    'an older row in L1',
    [...life, held('postgres', '40', 'c'), held('l1', '20', 'b')],
  ],
  [
    'quiet-caches-equal-postgres',
    'a row in L1 that is gone',
    [...life.slice(0, 5), held('postgres', null, null), held('l1', '20', 'b')],
  ],
  ['l1-share', 'a replica whose memory never answers', [run, ...many('l2', 0)]],
  [
    'l1-share',
    'a replica whose memory does not answer after the fault',
    [
      run,
      ...many('l1', 0),
      fault('injected', 100),
      fault('proven', 200),
      fault('healed', 300),
      ready(50, true),
      ...many('l1', 301).slice(0, 1),
      ...many('l2', 400),
    ],
  ],
  [
    'availability',
    'a system that does not answer in peace',
    [run, ...many('l1', 0), ...many('l1', 400).slice(0, 4).map(unanswered)],
  ],
  [
    'availability',
    'a system that does not answer after the fault',
    [
      run,
      ...many('l1', 0),
      fault('injected', 100),
      fault('proven', 200),
      fault('healed', 300),
      ready(50, true),
      ...many('l1', 301).slice(0, 1),
      ...many('l1', 400),
      ...many('l1', 1_000).slice(0, 4).map(unanswered),
    ],
  ],
  [
    'no-unproven-l1',
    'a cut off replica that answers from memory for too long',
    [
      run,
      fault('injected', 0),
      fault('proven', 100),
      ready(200, true),
      read({ start: 2_200, version: null }),
      fault('healed', 9_000),
    ],
  ],
  ['readiness', 'a process that is not ready in the end', [ready(0, true), ready(10, false)]],
  [
    'readiness',
    'a process that never comes back after the fault',
    [ready(0, true), fault('injected', 5), fault('proven', 10), fault('healed', 20), ready(30, false)],
  ],
  [
    'readiness',
    'a system that was never well again, as the run itself waited for',
    [ready(0, true), { t: 'probe', what: 'recovery', at: 45_000, failure: 'the queue Redis answers' }],
  ],
  [
    'readiness',
    'a process that took too long',
    [fault('injected', 0), fault('proven', 10), fault('healed', 20), ready(30, false), ready(30_100, true)],
  ],
  [
    'levels',
    'connections that stay',
    [
      {
        t: 'probe',
        what: 'level',
        at: 0,
        when: 'before',
        process: 'replica-1',
        measure: 'connections',
        value: 20,
      },
      {
        t: 'probe',
        what: 'level',
        at: 1,
        when: 'after',
        process: 'replica-1',
        measure: 'connections',
        value: 90,
      },
    ],
  ],
  [
    'levels',
    'connections that grow a little in each run',
    (['first', 'before', 'after'] as const).map((when, index) => ({
      t: 'probe',
      what: 'level',
      at: index,
      when,
      process: 'replica-1',
      measure: 'connections',
      value: [20, 80, 90][index] ?? 0,
    })),
  ],
  [
    'levels',
    'timers that stay',
    [
      {
        t: 'probe',
        what: 'level',
        at: 0,
        when: 'before',
        process: 'replica-1',
        measure: 'timers',
        value: 20,
      },
      { t: 'probe', what: 'level', at: 1, when: 'after', process: 'replica-1', measure: 'timers', value: 90 },
    ],
  ],
  [
    'dead-letters',
    'a dead letter that does not say why',
    [{ t: 'probe', what: 'dead-letter', at: 0, domain: 'user', id: '1', reason: null }],
  ],
  [
    'dead-letters',
    'an invalidation that still waits',
    [{ t: 'probe', what: 'pending', at: 0, domain: 'user', count: 1 }],
  ],
])('%s is broken by %s', async (invariant, _, records) => {
  const found = broken(await judge(records));
  expect(found[invariant]).toBeGreaterThan(0);
  expect(Object.keys(found)).toEqual([invariant]);
});

test('an exemption excuses what meets its window, by its name, and nothing else', async () => {
  const flushed = (at: number): HistoryRecord[] => [
    { t: 'fault', name: 'flushall', phase: 'injected', at },
    { t: 'fault', name: 'flushall', phase: 'proven', at: at + 5 },
  ];
  const stale = stock([...life, read({ start: 100, version: '10' })]);
  const exemptions = [
    { name: 'one lease after FLUSHALL', invariant: 'linearizable-stock', fault: 'flushall', forMs: 1_600 },
  ] as const;
  const excused = await judge([...stale, ...flushed(60)], { exemptions });
  expect(broken(excused)).toEqual({});
  expect(excused.invariants.find(({ id }) => id === 'linearizable-stock')?.exempted).toEqual({
    'one lease after FLUSHALL': 1,
  });
  expect(broken(await judge([...stale, ...flushed(200)], { exemptions }))).toEqual({
    'linearizable-stock': 1,
  });
});

test('the staleness that is measured is what is known of it', async () => {
  const { invariants } = await judge([...life, read({ start: 1_050, version: '10' })]);
  expect(invariants.find(({ id }) => id === 'bounded-staleness')).toMatchObject({ worst: 1_000, checked: 5 });
});

test('a strong version that was read before its write began is out of nowhere, and out of order', async () => {
  const early = stock([
    ...life.slice(0, 2),
    operation(9, { op: 'read', start: 31, end: 35, version: '20', value: 'b' }),
    ...life.slice(2),
  ]);
  expect(broken(await judge(early))).toEqual({ 'no-phantom': 1, 'linearizable-stock': 1 });
});

test('after the fault it is calm only once the run has found the system well', async () => {
  const until = (at: number): HistoryRecord[] => [
    run,
    ...many('l1', 0),
    fault('injected', 100),
    fault('proven', 200),
    fault('healed', 300),
    ready(50, true),
    ...many('l1', 301).slice(0, 1),
    ...many('l1', 400).map((one, index) => (index < 9 ? unanswered(one) : one)),
    ...many('l1', 1_000),
    { t: 'probe', what: 'recovery', at, failure: null },
  ];
  expect(broken(await judge(until(600)))).toEqual({});
  expect(broken(await judge(until(290)))).toEqual({ availability: 1 });
});

test('only operations that some invariant has judged count as checked', async () => {
  const failed = unanswered(read({ start: 30_000 }));
  const summary = read({ start: 30_000, kind: 'summary', key: 'summary' });
  const { operations, sent } = await judge([...life, failed, summary, held('postgres', '40', 'c')]);
  expect({ operations, sent }).toEqual({ operations: life.length, sent: life.length + 2 });
});

test('a memory that does not answer, and a replica that was hardly read, are said to be unseen', async () => {
  const { invariants } = await judge([
    run,
    ...life,
    { t: 'probe', what: 'unseen', at: 20_000, kind: 'product', key: 'lamp', replica: 'replica-1' },
  ]);
  const unseen = new Map(invariants.map((one) => [one.id, one.unseen]));
  expect(unseen.get('quiet-caches-equal-postgres')).toEqual([
    'replica-1 did not answer product lamp from memory',
  ]);
  expect(unseen.get('l1-share')).toEqual(['only 4 reads of replica-1 without a fault']);
});
