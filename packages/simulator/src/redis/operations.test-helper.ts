import { encodeEntry, type LogEntry, limits, MAX_VERSION } from '@freshet/cache-core/protocol';
import fc from 'fast-check';

/**
 * What one step of a sequence asks both servers. What depends on answers before it (ids, blessings, times) is named by
 * its role, and filled in when the step is run: so a sequence still means something when steps are taken out of it.
 */
export type Operation = Request | Incident;

/** A call of the protocol. */
export type Request =
  | { ask: 'get'; key: string }
  | { ask: 'lease'; key: string; token: string; validFrom: number; ms: number }
  | { ask: 'fill'; key: string; token: string; entry: string; ttlMs: number }
  | { ask: 'refresh'; key: string; version: string; entry: string; ttlMs: number }
  | { ask: 'drop'; key: string; version: string }
  | { ask: 'clear-fence'; key: string }
  | { ask: 'fence'; key: string; token: string; ms: number }
  | {
      ask: 'publish';
      key: string;
      token: string;
      version: string;
      stored: { entry: string; ttlMs: number } | null;
    }
  | { ask: 'status' }
  | { ask: 'append'; blessing: BlessingRole; entries: LogEntry[] }
  | { ask: 'append-many'; count: number }
  | { ask: 'renew'; replicaId: string; from: LogIdRole; leaseMs: number }
  | { ask: 'release'; replicaId: string }
  | { ask: 'laggards'; of: LogIdRole }
  | {
      ask: 'watermark';
      history: HistoryRole;
      blessing: BlessingRole;
      sinceNowMs: number;
      appliedNo: string;
    }
  | {
      ask: 'bless';
      step: number;
      history: HistoryRole;
      validFrom: number;
      sinceNowMs: number;
      appliedNo: string;
      leaseMs: number;
    }
  | { ask: 'replicas' };

/** What else happens to a server: hands, evictions, faults, time. */
export type Incident =
  | { do: 'scan'; prefix: string }
  | { do: 'set'; key: string; text: string; ttlMs: number | null }
  | { do: 'set-fence'; key: string; tokens: [token: string, sinceNowMs: number][]; disturbed: 0 | 1 }
  | { do: 'expire'; key: string }
  | { do: 'remove'; key: string }
  | { do: 'trim-log'; length: number }
  | { do: 'flush-all' }
  | { do: 'flush-scripts' }
  | { do: 'wait'; ms: number }
  | { do: 'demote' }
  | { do: 'promote' }
  | { do: 'save' }
  | { do: 'restart'; from: 'nothing' | 'saved' };

type HistoryRole = 'own' | 'other';
type BlessingRole = 'own' | 'older' | 'newer';
/** 'told': of this replica's last answer; 'lost': of the one before it; 'last': of the last append. */
export type LogIdRole =
  | 'told'
  | 'lost'
  | 'last'
  | 'first'
  | 'beyond'
  | 'older-blessing'
  | ''
  | 'x'
  | '1-'
  | '1-2-3';

export const DOMAIN = 'shop';
export const coherenceKey = (name: 'head' | 'log' | 'applied' | 'leases'): string =>
  `{coherence:${DOMAIN}}:${name}`;
export const KEYS = ['shop:item:1', 'shop:item:2', 'shop:v2:item:1'];

// Uneven, so that steps meet on one key.
const key = fc.constantFrom(...KEYS, ...KEYS.slice(0, 1), ...KEYS.slice(0, 1));
const token = fc.constantFrom('a', 'a', 'a', 'b', 'b', 'c');
const replicaId = fc.constantFrom('r1', 'r2', 'r3');
const version = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('0', '1', '1', '2') },
  {
    weight: 7,
    arbitrary: fc.constantFrom(
      '9',
      '10',
      // One number to a double.
      '9007199254740992',
      '9007199254740993',
      '9223372036854775806',
      MAX_VERSION,
    ),
  },
);
const history = often<HistoryRole>('own', 'other');
const blessingRole = often<BlessingRole>('own', 'older', 'newer');
const sinceNowMs = fc.constantFrom(0, -1, -100, -5_000, 3, 2_000);
const entry = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(version, fc.integer({ min: 0, max: 4 }), fc.constantFrom(null, 1, 'é"}', { fence: {} }))
      .map(([text, blessing, payload]) =>
        encodeEntry({ version: text, blessing, at: 1, ttl: 60_000, cost: 1, payload }),
      ),
  },
  { weight: 1, arbitrary: fc.constantFrom('', '0', '{"v":"1"}') },
);
const ttlMs = rarely(fc.constantFrom(60_000, 3), fc.constantFrom(0, -1, 1.5));
const stored = fc.option(fc.record({ entry, ttlMs }), { freq: 4 });
const logEntry: fc.Arbitrary<LogEntry> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('key', 'fence'),
    key: fc.constantFrom('shop:item:1', 'shop:item:a%3Ab', 'no key'),
    version: rarely(version, fc.constantFrom('01', 'x')),
  }),
  fc.record({
    kind: fc.constant('entity'),
    key: fc.constant('shop:item'),
    version: fc.constant(MAX_VERSION),
    traceparent: fc.constant(`00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`),
  }),
);
const text = fc.constantFrom(
  '',
  'garbage',
  '{"v":"5","b":2',
  '{"v":"5","b":2,',
  '{"v":"","b":2,"d":1}',
  '{"v":"007","b":03,"d":1}',
  '{"v":"-5","b":2,"d":1}',
  '{"v":"5","b":x,"d":1}',
  '{"v": "5","b":2,"d":1}',
  ' {"v":"5","b":2,"d":1}',
  '{"v":"5","b":99999999999999999999999,"d":1}',
  '{"v":"5\n","b":2,"d":1}',
  '{"lease":"a"}',
  '{"lease":"a","b":1}',
  '{"lease":"',
  '{"lease":a}',
  '{"fence":{},"disturbed":0}',
  '{"fence":{"a":99999999999999,"disturbed":0}',
  '{"fence":{"a":99999999999999},"disturbed":2}',
  '{"fence":{"a":99999999999999},"disturbed":0} ',
  '{"fence":{"b":99999999999999,"a":99999999999998},"disturbed":0}',
  '{"fence":{"b":99999999999999,"b":1},"disturbed":0}',
  '{"fence":{"":99999999999999},"disturbed":0}',
  '{"fence":{junk"c":99999999999999junk},"disturbed":0}',
  '{"fence":{"a":99999999999999\n},"disturbed":1}',
  '{"fence":{"a": 99999999999999},"disturbed":0}',
  '{"fence":{"a":99999999999999},"disturbed":0},"disturbed":1}',
);

const oneKey: fc.WeightedArbitrary<Request>[] = [
  is(2, { ask: fc.constant('get'), key }),
  is(9, {
    ask: fc.constant('lease'),
    key,
    token,
    validFrom: fc.constantFrom(0, 1, 1, 2, 4),
    ms: rarely(fc.constantFrom(5_000, 3), fc.constantFrom(0, 1.5)),
  }),
  is(12, { ask: fc.constant('fill'), key, token, entry, ttlMs }),
  is(12, { ask: fc.constant('refresh'), key, version, entry, ttlMs }),
  is(6, { ask: fc.constant('drop'), key, version }),
  is(4, { ask: fc.constant('clear-fence'), key }),
  is(7, { ask: fc.constant('fence'), key, token, ms: fc.constantFrom(5_000, 5_000, 3, 3, 0) }),
  is(13, { ask: fc.constant('publish'), key, token, version, stored }),
];

const logId = fc.constantFrom<LogIdRole[]>(
  ...(['told', 'told', 'told', 'told', 'lost', 'last', 'last', 'first', 'beyond', 'older-blessing'] as const),
  ...(['', 'x', '1-', '1-2-3'] as const),
);
const coherence: fc.WeightedArbitrary<Request>[] = [
  is(2, { ask: fc.constant('status') }),
  is(8, {
    ask: fc.constant('append'),
    blessing: blessingRole,
    entries: fc.array(logEntry, { maxLength: 4 }),
  }),
  is(14, {
    ask: fc.constant('renew'),
    replicaId,
    from: logId,
    // Below zero: leases that ran out long ago, or will soon have.
    leaseMs: fc.constantFrom(
      1_500,
      1_500,
      1_500,
      2_500,
      3,
      0,
      3 - limits.forgetReplicaMs,
      -limits.forgetReplicaMs,
    ),
  }),
  is(2, { ask: fc.constant('release'), replicaId }),
  is(6, {
    ask: fc.constant('laggards'),
    of: fc.constantFrom('last', 'last', 'first', 'beyond', 'older-blessing'),
  }),
  is(4, { ask: fc.constant('watermark'), history, blessing: blessingRole, sinceNowMs, appliedNo: version }),
  is(5, {
    ask: fc.constant('bless'),
    step: fc.constantFrom(1, 1, 1, 8, 0, -1),
    history,
    validFrom: fc.integer({ min: 0, max: 4 }),
    sinceNowMs,
    appliedNo: version,
    leaseMs: fc.constantFrom(2_000, 1_000),
  }),
  is(2, { ask: fc.constant('replicas') }),
];

const incidents: fc.WeightedArbitrary<Incident>[] = [
  is(2, { do: fc.constant('scan'), prefix: fc.constantFrom('shop:item:', 'shop:v2:item:', 'shop:') }),
  is(14, {
    do: fc.constant('set'),
    key,
    text: fc.oneof({ weight: 3, arbitrary: entry }, { weight: 2, arbitrary: text }),
    ttlMs: fc.constantFrom(null, 60_000, 2),
  }),
  is(4, {
    do: fc.constant('set-fence'),
    key,
    tokens: fc.array(fc.tuple(token, fc.constantFrom(-1, 0, 2, 60_000)), { minLength: 1, maxLength: 3 }),
    disturbed: fc.constantFrom(0, 1),
  }),
  is(1, { do: fc.constant('expire'), key }),
  is(2, { do: fc.constant('remove'), key }),
  is(1, {
    do: fc.constant('remove'),
    key: fc.constantFrom(...(['log', 'log', 'head', 'applied', 'leases'] as const)).map(coherenceKey),
  }),
  is(1, { do: fc.constant('trim-log'), length: fc.integer({ min: 0, max: 3 }) }),
  is(3, { do: fc.constant('wait'), ms: fc.integer({ min: 1, max: 4 }) }),
  is(1, { do: fc.constant('demote') }),
  is(4, { do: fc.constant('promote') }),
];

// Slow, or the end of all that was there before: not in every sequence.
const bulk: fc.WeightedArbitrary<Request>[] = [
  is(1, {
    ask: fc.constant('append-many'),
    count: fc.integer({ min: -2, max: 2 }).map((more) => limits.logLength + more),
  }),
];
const upheavals: fc.WeightedArbitrary<Incident>[] = [
  is(4, { do: fc.constant('flush-all') }),
  is(6, { do: fc.constant('flush-scripts') }),
  is(3, { do: fc.constant('save') }),
  is(2, { do: fc.constant('restart'), from: fc.constantFrom('nothing', 'saved') }),
];

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 1_000, arbitrary: fc.oneof(...oneKey) },
  { weight: 800, arbitrary: fc.oneof(...coherence) },
  { weight: 400, arbitrary: fc.oneof(...incidents) },
  { weight: 6, arbitrary: fc.oneof(...bulk) },
  { weight: 20, arbitrary: fc.oneof(...upheavals) },
);

/** Two steps that belong together, with something or nothing between them: by chance alone they seldom meet. */
const pair: fc.Arbitrary<Operation[]> = fc
  .record({
    kind: fc.constantFrom('lease and fill', 'fence and publish', 'set and refresh', 'set and drop'),
    of: fc.record({ key, token, version, entry }),
    between: fc.option(operation),
  })
  .map(({ kind, of, between }) => {
    const [first, second] = stepsOf(kind, of);
    return between === null ? [first, second] : [first, between, second];
  });

function stepsOf(
  kind: 'lease and fill' | 'fence and publish' | 'set and refresh' | 'set and drop',
  of: { key: string; token: string; version: string; entry: string },
): [Operation, Operation] {
  const later = { entry: of.entry, ttlMs: 60_000 };
  if (kind === 'lease and fill') {
    return [
      { ask: 'lease', key: of.key, token: of.token, validFrom: 2, ms: 5_000 },
      { ask: 'fill', key: of.key, token: of.token, ...later },
    ];
  }
  if (kind === 'fence and publish') {
    return [
      { ask: 'fence', key: of.key, token: of.token, ms: 5_000 },
      { ask: 'publish', key: of.key, token: of.token, version: of.version, stored: later },
    ];
  }
  const there = encodeEntry({ version: of.version, blessing: 1, at: 1, ttl: 60_000, cost: 1, payload: 1 });
  return [
    { do: 'set', key: of.key, text: there, ttlMs: 60_000 },
    kind === 'set and drop'
      ? { ask: 'drop', key: of.key, version: of.version }
      : { ask: 'refresh', key: of.key, version: of.version, ...later },
  ];
}

/** About 50 steps, at most some 110. */
export const operations: fc.Arbitrary<Operation[]> = fc
  .array(
    fc.oneof({ weight: 9, arbitrary: operation.map((step) => [step]) }, { weight: 1, arbitrary: pair }),
    { minLength: 1, maxLength: 85, size: 'max' },
  )
  .map((parts) => parts.flat());

function is<O extends Operation>(
  weight: number,
  parts: { [P in keyof O]: fc.Arbitrary<O[P]> },
): fc.WeightedArbitrary<O> {
  return { weight, arbitrary: fc.record(parts, { noNullPrototype: true }) as fc.Arbitrary<O> };
}

/** The first choice four times out of five. */
function often<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

function rarely<T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 15, arbitrary: usual }, { weight: 1, arbitrary: unusual });
}
