import type { Mutant } from '../mutant.ts';
import { CORE } from './places.ts';

/** Reading: memory, loads, L2, and what is served when the origin fails. */
export const reading: Mutant[] = [
  {
    name: 'l1-without-lease',
    rule: 'L1 answers only while the freshness lease is valid',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/reader.ts`,
    edits: [[' && this.#entity.lease.validAtWall(wallMs)', '']],
  },
  {
    name: 'minimum-version-ignored',
    rule: 'a reader with a minimum version passes older cached answers by',
    guarantee: 'G3',
    file: `${CORE}/cache-aside/reader.ts`,
    edits: [
      [
        'if (entry === undefined || compareVersions(entry.version, minVersion) < 0)',
        'if (entry === undefined)',
      ],
    ],
  },
  {
    name: 'load-enters-l1-without-lease',
    rule: 'put into L1 only if leaseValid()',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [[' || !lease.valid()) return;', ') return;']],
  },
  {
    name: 'dirty-load-enters-l1',
    rule: 'put into L1 only if the load is not dirty',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [['if (load.dirty || ttlMs <= 0', 'if (ttlMs <= 0']],
    test: {
      file: 'packages/cache-core/test/reading.test.ts',
      title: 'a fill that was accepted before the event',
    },
  },
  {
    name: 'born-clean',
    rule: 'begun without a lease = dirty from birth',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/flights.ts`,
    edits: [['dirty: !leaseValid(), minVersion };', 'dirty: false, minVersion };']],
    test: {
      file: 'packages/cache-core/src/cache-aside/flights.test.ts',
      title: 'that began without a lease is dirty from birth',
    },
  },
  {
    name: 'invalidation-marks-no-load',
    rule: 'an invalidation marks every running load of the key dirty',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [['    this.flights.markDirty(key);\n', '']],
    test: {
      file: 'packages/cache-core/test/reading.test.ts',
      title: 'a fill that was accepted before the event',
    },
  },
  {
    name: 'flush-marks-no-load',
    rule: 'a flush marks every running load dirty',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [['    this.flights.markAllDirty();\n', '']],
  },
  {
    name: 'join-dirty-load',
    rule: 'never join a dirty load',
    guarantee: 'G4',
    file: `${CORE}/cache-aside/flights.ts`,
    edits: [[' && !slot.running.load.dirty', '']],
  },
  {
    name: 'join-for-a-minimum-version',
    rule: 'whoever asks for a minimum version shares no load that began before',
    guarantee: 'G3',
    file: `${CORE}/cache-aside/flights.ts`,
    edits: [['minVersion === NO_VERSION && ', '']],
  },
  {
    name: 'not-found-has-a-version',
    rule: "a cached 'not found' has version 0",
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [
      [
        'loaded === null ? NO_VERSION : parseVersion(loaded.version)',
        "loaded === null ? '900000000000' : parseVersion(loaded.version)",
      ],
    ],
  },
  {
    name: 'void-entries-believed',
    rule: 'an entry with b < validFrom is void',
    guarantee: 'G2',
    file: `${CORE}/cache-aside/key-in-l2.ts`,
    edits: [[' && stored.entry.blessing >= lease.validFrom', '']],
  },
  {
    name: 'blessing-at-the-end',
    rule: 'b is the blessing that the replica knew when the load began',
    guarantee: 'G2',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [
      [
        'this.#entity.prepare(loaded, this.#blessing,',
        'this.#entity.prepare(loaded, replica.lease.blessing,',
      ],
    ],
  },
  {
    name: 'l2-believed-across-a-gap',
    rule: 'an answer of L2 counts only if the lease held without a gap',
    guarantee: 'G4',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [['if (policy.bypassWhenUnproven && (term !== lease.term || !lease.valid())) {', 'if (false) {']],
    // An answer comes over the connection that the lease was held on, so what it says was true when the read began: see DESIGN.md.
    bySchedules: false,
    test: {
      file: 'packages/cache-core/test/reading.test.ts',
      title: 'an answer of L2 that comes after the lease has run out',
    },
  },
  {
    name: 'l2-believed-without-lease',
    rule: "while leaseValid() is false, L2 is skipped where the policy says 'bypass'",
    guarantee: 'G2',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [['if (policy.bypassWhenUnproven && !lease.valid())', 'if (false)']],
    test: {
      file: 'packages/cache-core/test/reading.test.ts',
      title: 'G9: with Redis gone the origin answers',
    },
  },
  {
    name: 'fence-not-marked-dirty',
    rule: 'a live fence, or none seen, marks the load dirty',
    guarantee: 'G4',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [['    this.#load.dirty = true;\n', '']],
  },
  {
    name: 'not-registered',
    rule: 'a replica records its schema version before its first fill lease',
    guarantee: 'G13',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [['if (!replica.registry.registered) return', 'if (false) return']],
  },
  {
    name: 'expired-without-a-lease',
    rule: 'an expired value is served only while the lease proves that it was not invalidated',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/stale-if-error.ts`,
    edits: [[' || !lease.valid()) return null;', ') return null;']],
  },
  {
    name: 'expired-in-l2-without-a-lease',
    rule: 'an expired value of L2 is believed only as a fresh one is',
    guarantee: 'G2',
    file: `${CORE}/cache-aside/stale-if-error.ts`,
    edits: [['!policy.bypassWhenUnproven || (lease.valid() && term === lease.term)', 'true']],
  },
  {
    name: 'expired-below-the-minimum-version',
    rule: 'a reader with a minimum version passes older expired values by',
    guarantee: 'G3',
    file: `${CORE}/cache-aside/stale-if-error.ts`,
    edits: [[' || compareVersions(expired.version, minVersion) < 0', '']],
    test: {
      file: 'packages/cache-core/test/stale-if-error.test.ts',
      title: 'is passed by when it is older than asked for',
    },
  },
  {
    name: 'refresh-not-marked-dirty',
    rule: 'an invalidation marks a load in the background dirty',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/flights.ts`,
    edits: [['if (alongside !== undefined) alongside.dirty = true;', '']],
    test: {
      file: 'packages/cache-core/test/early-refresh.test.ts',
      title: 'a refresh that L2 accepted, and an invalidation met',
    },
  },
  {
    name: 'origin-read-before-the-token',
    rule: 'the token of a fill is taken before the origin is read',
    guarantee: 'G6',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [
      [
        '        standing = (await this.#l2.get()) ?? (await this.#l2.lease());',
        '        standing = (await this.#l2.get()) ?? ((this.#early = await this.#askOrigin()), await this.#l2.lease());',
      ],
      [
        '  async #fill(token: string): Promise<Answer<T>> {\n    const { protocol } = this.#entity.replica;\n    const prepared = await this.#askOrigin();',
        '  #early: any;\n  async #fill(token: string): Promise<Answer<T>> {\n    const { protocol } = this.#entity.replica;\n    const prepared = this.#early;',
      ],
    ],
  },
  {
    name: 'fill-lease-token-used-again',
    rule: 'each fill lease has a token of its own',
    guarantee: 'G6',
    file: `${CORE}/cache-aside/key-in-l2.ts`,
    edits: [['const token = newToken();', 'const token = this.name;']],
  },
  {
    name: 'no-single-flight',
    rule: 'at most one load of a key runs in a process, and one waits',
    guarantee: 'G7',
    file: `${CORE}/cache-aside/flights.ts`,
    edits: [['    if (slot === undefined) return {', '    return {']],
    test: {
      file: 'packages/cache-core/src/cache-aside/flights.test.ts',
      title: 'is shared by all who come while it runs',
    },
  },
  {
    name: 'registration-outlives-its-postgres',
    rule: 'a schema version counts as registered only in the Postgres of the present validFrom',
    guarantee: 'G13',
    file: `${CORE}/cache-aside/schema-registry.ts`,
    edits: [['#recordedBefore = 1;', '#recordedBefore = Number.POSITIVE_INFINITY;']],
    test: {
      file: 'packages/simulator/src/simulator.test.ts',
      title: 'a-schema-version-is-lost-with-an-older-database',
    },
  },
];
