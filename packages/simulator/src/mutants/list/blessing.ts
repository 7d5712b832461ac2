import type { Mutant } from '../mutant.ts';
import { POSTGRES, REDIS, RELAY } from './places.ts';

/** Who speaks for a domain, and what a new server must be told first. */
export const blessing: Mutant[] = [
  {
    name: 'bless-without-wait',
    rule: 'wait longer than max_staleness and strong_transaction',
    guarantee: 'G4',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [['const waitMs = first ? 0 : withDrift(recorded.waitMs);', 'const waitMs = 0;']],
  },
  {
    name: 'bless-before-recording',
    rule: 'the next blessing is recorded in Postgres first',
    guarantee: 'G4',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [
      [
        '    const recorded = await store.record({ ...seen, limits, recordedBy: self });\n',
        '    if (!first) await this.#wait(withDrift(2_000));\n    const recorded = await store.record({ ...seen, limits, recordedBy: self });\n',
      ],
      ['const waitMs = first ? 0 : withDrift(recorded.waitMs);', 'const waitMs = 0;'],
    ],
    test: {
      file: 'services/invalidation-relay/src/blessing/blesser.test.ts',
      title: 'is blessed only after everybody who lived',
    },
  },
  {
    name: 'superseded-primary-blessed',
    rule: 'a superseded primary is stood aside from',
    guarantee: 'G1',
    file: `${RELAY}/blessing/blessing-decision.ts`,
    edits: [['historyKnown && status.history !== newest.history;', 'false;']],
    test: {
      file: 'services/invalidation-relay/src/blessing/blesser.test.ts',
      title: 'a superseded primary is left',
    },
  },
  {
    name: 'bless-when-overtaken',
    rule: 'BLESS only while Postgres shows this blessing as the newest',
    guarantee: 'G4',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [['if (newestBlessing !== number) {', 'if (false) {']],
    test: {
      file: 'services/invalidation-relay/src/blessing/blesser.test.ts',
      title: 'is given up when a newer blessing was recorded during the wait',
    },
  },
  {
    name: 'bless-any-history',
    rule: 'BLESS refuses on a server with another history',
    guarantee: 'G2',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['if (!this.#primary || this.#history !== blessing.history) return false;', '']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'bless-without-voiding',
    rule: 'deal with the DROPs that the server may have missed',
    guarantee: 'G2',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [
      ['? validFrom : null;', '? validFrom : 1;'],
      [
        'if (validFrom === null || missed === null) return null;',
        'if (validFrom === null || missed === null) return 1;',
      ],
    ],
  },
  {
    name: 'missed-changes-not-dropped',
    rule: 're-DROP the rows that have a higher applied_no',
    guarantee: 'G2',
    file: `${POSTGRES}/memory-session.ts`,
    edits: [['Number(progress.appliedNo) > from', 'Number(progress.appliedNo) === from + 1e9']],
    test: {
      file: 'packages/simulator/src/postgres/conformance.test.ts',
      title: 'the database in memory answers',
    },
  },
  {
    name: 'pending-changes-not-dropped',
    rule: 're-DROP the rows that are pending',
    guarantee: 'G2',
    file: `${POSTGRES}/memory-session.ts`,
    edits: [['        ...outbox.pending,\n', '']],
    test: {
      file: 'packages/simulator/src/postgres/conformance.test.ts',
      title: 'the database in memory answers',
    },
  },
  {
    name: 'applied-no-of-the-domain',
    rule: "the new server's own appliedNo proves what it has",
    guarantee: 'G2',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [
      [
        'status.origin === origin ? status.appliedNo : null;',
        'status.origin === origin && status.appliedNo !== null ? (await store.snapshot(null)).appliedNo : null;',
      ],
    ],
  },
  {
    name: 'purged-changes-forgotten',
    rule: 'if N is below what was purged: void everything',
    guarantee: 'G2',
    file: `${POSTGRES}/memory-session.ts`,
    edits: [['Number(since.appliedNo) >= outbox.highestPurgedNo', 'true']],
    test: {
      file: 'packages/simulator/src/postgres/conformance.test.ts',
      title: 'the database in memory answers',
    },
  },
  {
    name: 'as-of-after-the-snapshot',
    rule: "asOf is read before step 2's snapshot",
    guarantee: 'G1',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [['      asOf: status.timeMs,\n', '      asOf: (await protocol.status()).timeMs,\n']],
    test: {
      file: 'services/invalidation-relay/src/blessing/blesser.test.ts',
      title: 'the watermark of a new blessing is an instant before its snapshot',
    },
  },
  {
    name: 'bless-a-lower-number',
    rule: 'BLESS refuses where the head already has this or a higher blessing',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['    if (Number(head?.blessing ?? 0) >= blessing.blessing) return false;\n', '']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'another-postgres-believed',
    rule: 'if the origin changed: void everything',
    guarantee: 'G2',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [['status.origin === origin ? status.appliedNo : null;', 'status.appliedNo;']],
    test: {
      file: 'services/invalidation-relay/src/blessing/keep-warm.test.ts',
      title: 'all that a server holds is void when another Postgres wrote its head',
    },
  },
  {
    name: 'lost-number-given-again',
    rule: 'after another Postgres, blessings are numbered by the clock',
    guarantee: 'G4',
    file: `${POSTGRES}/memory-session.ts`,
    edits: [['const nowMs = wasLost ?', 'const nowMs = false ?']],
    test: {
      file: 'packages/simulator/src/simulator.test.ts',
      title: 'the-number-of-a-lost-blessing-is-given-again',
    },
  },
  {
    name: 'warm-without-its-blessing',
    rule: 'L2 stays warm only if this Postgres has the blessing of the head',
    guarantee: 'G2',
    file: `${POSTGRES}/memory-session.ts`,
    edits: [
      [
        'this.database.blessings.some((one) => one.number === since.blessing && one.origin === origin)',
        'true',
      ],
    ],
    test: {
      file: 'packages/simulator/src/simulator.test.ts',
      title: 'two-copies-of-one-database-get-the-same-timeline',
    },
  },
];
