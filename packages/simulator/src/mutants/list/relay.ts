import type { Mutant } from '../mutant.ts';
import { REDIS, RELAY, WORLD } from './places.ts';

/** Drain and watermark. */
export const relay: Mutant[] = [
  {
    name: 'append-before-drop',
    rule: 'a key is appended after its DROP succeeded, never before',
    guarantee: 'G5',
    file: `${RELAY}/drain/drain.ts`,
    edits: [
      ['    const { lastId } = await protocol.append(blessing, plan.entries);\n', ''],
      [
        '    for (const prefix of plan.prefixes) await this.#dropAll(prefix, batch);\n',
        '    const { lastId } = await protocol.append(blessing, plan.entries);\n    await protocol.ring().catch(() => {});\n    for (const prefix of plan.prefixes) await this.#dropAll(prefix, batch);\n',
      ],
    ],
    test: {
      file: 'services/invalidation-relay/src/drain/drain.test.ts',
      title: 'what was dropped but not appended',
    },
  },
  {
    name: 'append-under-any-blessing',
    rule: 'APPEND refuses under another blessing or unblessed',
    guarantee: 'G5',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['if (head.blessing !== String(blessing)) {', 'if (false) {']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'drop-on-an-older-blessing',
    rule: 'the drain reads the blessing on the connection that DROPs',
    guarantee: 'G5',
    file: `${RELAY}/drain/drain.ts`,
    edits: [['    if (status.blessing !== newest) {', '    if (false) {']],
    // APPEND refuses too, so that nothing is marked and no schedule can notice.
    bySchedules: false,
    test: {
      file: 'services/invalidation-relay/src/drain/drain.test.ts',
      title: 'a server of an older blessing is told nothing',
    },
  },
  {
    name: 'batch-spans-a-reconnect',
    rule: 'a batch never spans a reconnect',
    guarantee: 'G5',
    file: `${RELAY}/drain/drain.ts`,
    edits: [
      [
        "if (protocol.generation !== generation) throw new Error('The connection to Redis was lost and made anew.');",
        '',
      ],
    ],
    test: {
      file: 'services/invalidation-relay/src/drain/drain.test.ts',
      title: 'a batch does not span a reconnect',
    },
  },
  {
    name: 'mark-under-any-blessing',
    rule: 'rows are marked only if that blessing is still the newest',
    guarantee: 'G5',
    file: `${RELAY}/domain/postgres-outbox-store.ts`,
    edits: [
      [
        'where id = any($1::bigint[]) and ${NEWEST_BLESSING} = $2::bigint',
        'where id = any($1::bigint[]) and $2::bigint is not null',
      ],
      [
        'where id = marked_id and ${NEWEST_BLESSING} = $2::bigint',
        'where id = marked_id and $2::bigint is not null',
      ],
    ],
    bySchedules: false,
    test: {
      file: 'services/invalidation-relay/src/drain/drain.test.ts',
      title: 'rows are not marked once a newer blessing',
    },
  },
  {
    name: 'schema-version-not-dropped',
    rule: 'DROP every schema version of each key',
    guarantee: 'G13',
    file: `${WORLD}/sim-stores.ts`,
    edits: [['numbers.set(name, [...(numbers.get(name) ?? []), number]);', 'numbers.set(name, [1]);']],
  },
  {
    name: 'watermark-ignores-pending',
    rule: 'no row with id ≤ M is pending any more',
    guarantee: 'G1',
    file: `${RELAY}/watermark/watermark.ts`,
    edits: [["    if (pending) return { kind: 'waiting', ageMs };\n", '']],
  },
  {
    name: 'watermark-blessing-read-once',
    rule: 'read the newest blessing again',
    guarantee: 'G1',
    file: `${RELAY}/watermark/watermark.ts`,
    edits: [['if (newestBlessing !== candidate.blessing) {', 'if (false) {']],
    test: {
      file: 'services/invalidation-relay/src/watermark/watermark.test.ts',
      title: 'is refused when a blessing was recorded between',
    },
  },
  {
    name: 'watermark-time-after-the-snapshot',
    rule: 'one script returns TIME before the snapshot is taken',
    guarantee: 'G1',
    file: `${RELAY}/watermark/watermark.ts`,
    edits: [
      [
        'const moved = await protocol.watermark({ history, blessing, timeMs, appliedNo });',
        'const moved = await protocol.watermark({ history, blessing, timeMs: (await protocol.status()).timeMs, appliedNo });',
      ],
    ],
  },
  {
    name: 'watermark-on-any-server',
    rule: 'WATERMARK refuses on any other history or blessing',
    guarantee: 'G1',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        'if (head === null || this.#history !== mark.history || head.blessing !== String(mark.blessing))',
        'if (head === null)',
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'nothing-dropped',
    rule: 'each key is dropped from L2 before its row is marked',
    guarantee: 'G5',
    file: `${RELAY}/drain/drain.ts`,
    edits: [['      await protocol.dropMany(plan.drops.slice(start, start + DROPS_AT_ONCE));\n', '']],
  },
  {
    name: 'nothing-appended',
    rule: 'each key is appended to the log before its row is marked',
    guarantee: 'G5',
    file: `${RELAY}/drain/drain.ts`,
    edits: [['const { lastId } = await protocol.append(blessing, plan.entries);', "const lastId = '';"]],
  },
  {
    name: 'applied-no-read-late',
    rule: 'the sequence was read before the second look at the newest blessing',
    guarantee: 'G2',
    file: `${RELAY}/watermark/watermark.ts`,
    edits: [
      [
        '    const { history, blessing, timeMs, appliedNo } = candidate;',
        '    const { history, blessing, timeMs } = candidate;\n    const { appliedNo } = await this.#deps.store.snapshot();',
      ],
    ],
    test: {
      file: 'services/invalidation-relay/src/watermark/watermark.test.ts',
      title: 'names the numbers that were drawn before the second look',
    },
  },
  {
    name: 'applied-no-drawn-early',
    rule: 'applied_no is drawn inside the UPDATE, after DROP and APPEND',
    guarantee: 'G5',
    file: `${RELAY}/domain/postgres-outbox-store.ts`,
    edits: [
      [
        'from freshet.invalidation_outbox\n  where ${PENDING} and next_attempt_at',
        ", nextval('freshet.applied_no_seq') from freshet.invalidation_outbox\n  where ${PENDING} and next_attempt_at",
      ],
    ],
    bySchedules: false,
    test: {
      file: 'services/invalidation-relay/src/drain/drain.test.ts',
      title: 'the numbers of applied rows are drawn after their APPEND',
    },
  },
  {
    name: 'watermark-of-another-postgres',
    rule: 'the watermark vouches only for the Postgres that the head names',
    guarantee: 'G1',
    file: `${RELAY}/watermark/watermark.ts`,
    edits: [['if (origin !== status.origin) return null;', '']],
    test: {
      file: 'packages/simulator/src/simulator.test.ts',
      title: 'a-watermark-vouches-for-a-database-that-was-taken-back',
    },
  },
];
