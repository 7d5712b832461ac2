import type { Mutant } from '../mutant.ts';
import { CORE, POSTGRES } from './places.ts';

/** Fence, event, barrier, commit, publish. */
export const strongWrites: Mutant[] = [
  {
    name: 'no-fence',
    rule: 'FENCE every registered schema version',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [['    ...keys.map(({ key }) => protocol.fence(key, token, timings.fenceMs)),\n', '']],
  },
  {
    name: 'one-schema-version-fenced',
    rule: 'FENCE every registered schema version',
    guarantee: 'G13',
    file: `${CORE}/write-through/fence.ts`,
    edits: [
      [
        'const numbers = registry.numbers(service, entity);',
        'const numbers = registry.numbers(service, entity).slice(0, 1);',
      ],
    ],
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a strong write reaches the entries of every schema version',
    },
  },
  {
    name: 'no-barrier',
    rule: 'wait until no replica with a live lease has applied < X',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [['if (laggards.count === 0) return;', 'return;']],
  },
  {
    name: 'fence-event-forgets-nothing',
    rule: 'on a fence event an entry is removed whatever its version',
    guarantee: 'G4',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [
      [
        "if (kind === 'fence') this.l1.remove(key);\n    else this.l1.removeOlder(key, version);",
        "if (kind !== 'fence') this.l1.removeOlder(key, version);",
      ],
    ],
  },
  {
    name: 'newest-blessing-unchecked',
    rule: 'inside the transaction the newest blessing is still the one that answered all three',
    guarantee: 'G4',
    file: `${CORE}/write-through/write-through.ts`,
    edits: [['if (newestBlessing !== fence.blessing)', 'if (false)']],
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a blessing that was recorded meanwhile',
    },
  },
  {
    name: 'servers-unchecked',
    rule: 'two different histories or blessings: start over',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [
      ["  if (!same) throw new Overtaken('another Redis, or another blessing, answered in between');", ''],
    ],
    // APPEND refuses another blessing, and the transaction compares it with the newest: so that no schedule can notice.
    bySchedules: false,
    test: {
      file: 'packages/cache-core/src/write-through/fence.test.ts',
      title: 'that another server answers is not passed',
    },
  },
  {
    name: 'fence-time-unchecked',
    rule: 'the COMMIT must fall inside the fence',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [
      [
        'return fenceAgeMs + withDrift(strongTransactionMs) <= fenceMs;',
        'return fenceAgeMs !== withDrift(strongTransactionMs) + fenceMs;',
      ],
    ],
  },
  {
    name: 'fence-age-by-one-clock',
    rule: 'a fence is as old as the wall clock says, while the monotonic one stood still',
    guarantee: 'G4',
    file: `${CORE}/clock.ts`,
    edits: [
      [
        'Math.max(clock.monotonicMs() - monotonicMs, clock.wallMs() - wallMs)',
        'clock.monotonicMs() - monotonicMs + 0 * wallMs',
      ],
    ],
    test: {
      file: 'packages/simulator/src/simulator.test.ts',
      title: 'a-suspended-writer-takes-its-fence-for-young',
    },
  },
  {
    name: 'no-transaction-timeout',
    rule: 'transaction_timeout makes the server end a transaction whose COMMIT is late',
    guarantee: 'G4',
    file: `${CORE}/origin/postgres-domain.ts`,
    edits: [[' set local transaction_timeout = ${Math.trunc(options.transactionMs)};', '']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a transaction that takes too long',
    },
  },
  {
    name: 'fence-lifted-after-an-unknown-commit',
    rule: 'outcome of COMMIT unknown: leave the fence to its deadline',
    guarantee: 'G4',
    file: `${CORE}/write-through/write-through.ts`,
    edits: [
      ["if (!isFreshetError(error, 'FRESHET_COMMIT_UNKNOWN')) await lift(fence);", 'await lift(fence);'],
    ],
    test: { file: 'packages/cache-core/test/strong-writes.test.ts', title: 'a lost answer to COMMIT' },
  },
  {
    name: 'publish-voided-blessing',
    rule: 'PUBLISH writes the blessing of its FENCE',
    guarantee: 'G4',
    file: `${CORE}/write-through/write-through.ts`,
    edits: [['this.#entity.prepare(loaded, blessing,', 'this.#entity.prepare(loaded, blessing + 1,']],
  },
  {
    name: 'registration-without-lock',
    rule: 'no schema version is registered between a fence and its commit',
    guarantee: 'G13',
    file: `${CORE}/origin/postgres-domain.ts`,
    edits: [['await client.query(`select pg_advisory_xact_lock(${SCHEMA_VERSIONS_LOCK})`);', '']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a schema version that comes up during a write',
    },
  },
  {
    name: 'event-before-fence',
    rule: 'FENCE first, then the event',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [
      ['    ...keys.map(({ key }) => protocol.fence(key, token, timings.fenceMs)),\n', ''],
      [
        "    traceStep('barrier_passed');",
        "    await Promise.all(keys.map(({ key }) => protocol.fence(key, token, timings.fenceMs)));\n    traceStep('barrier_passed');",
      ],
    ],
  },
  {
    name: 'fence-token-used-again',
    rule: 'each FENCE has a token of its own',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [['const token = replica.token();', 'const token = service;']],
  },
  {
    name: 'stored-under-an-unregistered-version',
    rule: 'a strong writer stores only under a registered schema version',
    guarantee: 'G13',
    file: `${CORE}/write-through/write-through.ts`,
    edits: [['prepared.version === NO_VERSION || !registered', 'prepared.version === NO_VERSION']],
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a schema version that is not registered yet',
    },
  },
  {
    name: 'late-commit-not-caught-up',
    rule: 'a COMMIT that may have come after its fence empties every memory once more',
    guarantee: 'G4',
    file: `${CORE}/write-through/write-through.ts`,
    edits: [['    if (!mayHaveEnded(fence.ageMs(), timings)) return;\n', '    return;\n']],
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a COMMIT that is answered after its fence has ended',
    },
  },
  {
    name: 'blessing-of-another-postgres',
    rule: 'a blessing that another Postgres recorded is not the newest inside the transaction',
    guarantee: 'G4',
    file: `${POSTGRES}/memory-session.ts`,
    edits: [['newest?.origin === this.database.options.origin ? newest.number : 0', 'newest?.number ?? 0']],
    test: {
      file: 'packages/simulator/src/postgres/conformance.test.ts',
      title: 'the database in memory answers',
    },
  },
];
